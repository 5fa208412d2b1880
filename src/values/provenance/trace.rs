use std::sync::Arc;

use super::candidate::{Candidate, ChartNode, Content, Import, Search};
use super::origin::{Origin, Source, Via};
use super::tag::{EmptyLists, Tagged, tag_empty_lists, tag_map};
use crate::chart::{self, Chart, ValuesDocument, add_document};
use crate::value::{Map, Str, Value};
use crate::values::path::{PathStep, ValuePath};
use crate::values::sources::{SourceFlag, UserSource, UserValues};
use crate::values::{Error, coalesce, dependency};

/// The merged values of a chart and where each of them comes from.
#[derive(Debug)]
pub struct Provenance {
    /// What templates see as `.Values` of the top chart.
    values: Map,
    /// The same with leaves that know their source.
    tagged: Map,
    contents: Vec<Content>,
    users: usize,
    root: ChartNode,
}

/// One leaf of the merged values: a scalar, a null, or an empty map or list.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// The path from the values of the top chart.
    pub path: ValuePath,
    /// The value.
    pub value: Value,
    /// Where it was written.
    pub origin: Option<Origin>,
    /// What it overrides, the strongest first.
    pub overridden: Vec<Origin>,
}

/// All that is said of one path.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// What holds. `None` when nothing is there.
    pub winner: Option<Origin>,
    /// What is overridden, the strongest first. Where there is no winner, the first one may be a
    /// null that deleted the rest.
    pub overridden: Vec<Origin>,
}

impl Provenance {
    /// Merges the values of a chart and notes where each of them comes from.
    ///
    /// `chart` is what [`crate::values::process_dependencies`] returned for `user`. The defaults of
    /// a chart without the text of a `values.yaml` have no lines.
    ///
    /// # Errors
    /// As [`crate::values::merge`]; with values that merged once there are none.
    pub fn trace(chart: &Chart, user: &UserValues) -> Result<Self, Error> {
        let values = coalesce::merge(chart, &user.values).value?;
        let mut contents = Vec::new();
        let given = trace_user(user, &mut contents)?;
        let users = contents.len();
        let mut traced = chart.clone();
        let root = trace_chart(&mut traced, &chart.full_path(None), &mut contents);
        dependency::import_again(&mut traced)?;
        let tagged = coalesce::merge(&traced, &given).value?;
        Ok(Provenance { values, tagged, contents, users, root })
    }

    /// Returns the merged values, as the top chart's templates see them.
    #[must_use]
    pub fn values(&self) -> &Map {
        &self.values
    }

    /// Returns where the value at `path` was written; for a map or list that several sources
    /// speak of the strongest of them.
    ///
    /// The path begins at the values of the top chart: those of a subchart lie under its name.
    /// `None` when there is no such value.
    #[must_use]
    pub fn origin_of(&self, path: &ValuePath) -> Option<Origin> {
        self.history(path).winner
    }

    /// Returns all that is said of the value at `path`.
    #[must_use]
    pub fn history(&self, path: &ValuePath) -> History {
        let search = Search {
            contents: &self.contents,
            users: self.users,
            root: &self.root,
            found: Vec::new(),
        };
        let mut candidates = search.run(path);
        let Some(value) = path.find(&self.values) else {
            let overridden = candidates.into_iter().map(|c| self.origin(c)).collect();
            return History { winner: None, overridden };
        };
        let winner = match path.find(&self.tagged) {
            Some(Value::Object(object)) if object.as_any().is::<Tagged>() => {
                object.as_any().downcast_ref::<Tagged>().map(|tag| {
                    let same = |c: &Candidate| c.content == tag.source && c.path == tag.path;
                    match candidates.iter().position(same) {
                        Some(place) => candidates.remove(place),
                        None => Candidate {
                            content: tag.source,
                            path: tag.path.clone(),
                            via: self.way(tag, path),
                            value: tag.value.clone(),
                        },
                    }
                })
            }
            _ => {
                let kind = value.kind();
                let place = candidates.iter().position(|candidate| candidate.value.kind() == kind);
                place.map(|place| candidates.remove(place))
            }
        };
        History {
            winner: winner.map(|candidate| self.origin(candidate)),
            overridden: candidates.into_iter().map(|c| self.origin(c)).collect(),
        }
    }

    /// Returns the way of a leaf that the search did not find.
    fn way(&self, tag: &Tagged, path: &ValuePath) -> Via {
        if tag.path == *path {
            Via::Direct
        } else if tag.source < self.users
            || tag.path.first_key().is_some_and(|key| *key == "global")
        {
            Via::Global
        } else {
            Via::Import
        }
    }

    fn origin(&self, candidate: Candidate) -> Origin {
        let Candidate { content, path, via, value } = candidate;
        let content = &self.contents[content];
        let line = content.line(&path);
        Origin { source: content.source.clone(), path, line, value, via }
    }

    /// Returns the text of the file that a value was written in; `None` when it was in none.
    #[must_use]
    pub fn text_of(&self, origin: &Origin) -> Option<Str> {
        let content = self.contents.iter().find(|content| content.source == origin.source)?;
        content.text.clone()
    }

    /// Returns all leaves of the merged values, in the order of their keys.
    #[must_use]
    pub fn leaves(&self) -> Vec<Leaf> {
        let mut paths = Vec::new();
        collect(&Value::Map(self.values.clone()), &ValuePath::default(), &mut paths);
        let with_origin = |(path, value)| {
            let History { winner: origin, overridden } = self.history(&path);
            Leaf { path, value, origin, overridden }
        };
        paths.into_iter().filter(|(path, _)| !path.0.is_empty()).map(with_origin).collect()
    }
}

/// Returns the leaves that the user gave, with the source of each: the strongest one that speaks
/// of it.
#[must_use]
pub fn user_leaves(user: &UserValues) -> Vec<Leaf> {
    let mut contents = Vec::new();
    // Sources that could be read once can be read again.
    drop(trace_user(user, &mut contents));
    let mut paths = Vec::new();
    collect(&Value::Map(user.values.clone()), &ValuePath::default(), &mut paths);
    let with_origin = |(path, value): (ValuePath, Value)| {
        let speaking =
            contents.iter().rev().find_map(|content| Some((content, path.find(&content.values)?)));
        let origin = speaking.map(|(content, value)| Origin {
            source: content.source.clone(),
            line: content.line(&path),
            path: path.clone(),
            value,
            via: Via::Direct,
        });
        Leaf { path, value, origin, overridden: Vec::new() }
    };
    paths.into_iter().filter(|(path, _)| !path.0.is_empty()).map(with_origin).collect()
}

/// Collects the leaves of a value: scalars, nulls, and maps and lists with nothing in them.
fn collect(value: &Value, path: &ValuePath, found: &mut Vec<(ValuePath, Value)>) {
    stacker::maybe_grow(64 << 10, 1 << 20, || match value {
        Value::Map(map) if !map.is_empty() => {
            for (key, value) in map.entries() {
                collect(&value, &path.key(key), found);
            }
        }
        Value::List(list) if !list.is_empty() => {
            for (index, item) in list.items().iter().enumerate() {
                collect(item, &path.index(index), found);
            }
        }
        _ => found.push((path.clone(), value.clone())),
    });
}

/// Merges the user's sources with tags.
fn trace_user(user: &UserValues, contents: &mut Vec<Content>) -> Result<Map, Error> {
    let mut empty = EmptyLists::default();
    let UserValues { values, sources } = user;
    if sources.is_empty() {
        contents.push(Content {
            source: Source::Given,
            values: values.clone(),
            text: None,
            documents: Arc::default(),
        });
        let tagged = tag_map(values, 0, &mut empty);
        return Ok(tag_empty_lists(&tagged, &empty));
    }
    let mut base = Map::new();
    for (id, source) in sources.iter().enumerate() {
        let alone = Map::new();
        source.apply_again(&alone)?;
        if source.flag == SourceFlag::Values {
            chart::merge_maps(&base, &tag_map(&alone, id, &mut empty));
        } else {
            source.apply_again(&base)?;
            base = tag_map(&base, id, &mut empty);
        }
        let text = source.text.as_ref();
        let documents = text.and_then(|text| documents(text.as_bytes())).unwrap_or_default();
        let text = text.cloned();
        contents.push(Content { source: source_of(source), values: alone, text, documents });
    }
    Ok(tag_empty_lists(&base, &empty))
}

fn source_of(source: &UserSource) -> Source {
    match source.flag {
        SourceFlag::Values => Source::File { path: source.argument.clone() },
        flag => Source::Argument { flag, number: source.number, argument: source.argument.clone() },
    }
}

fn documents(text: &[u8]) -> Option<Arc<[ValuesDocument]>> {
    chart::read_values_with_positions(text).ok().map(Into::into)
}

/// Puts tagged defaults into a chart and those below.
fn trace_chart(chart: &mut Chart, path: &str, contents: &mut Vec<Content>) -> ChartNode {
    let documents =
        chart.values_text.as_ref().and_then(|text| documents(text.as_bytes())).unwrap_or_default();
    let values = if chart.values_text.is_some() {
        let merged = Map::new();
        for document in documents.iter() {
            add_document(&merged, &coalesce::copy_map(&document.values).into());
        }
        merged
    } else {
        coalesce::copy_map(&chart.values)
    };
    let id = contents.len();
    let mut empty = EmptyLists::default();
    chart.values = tag_empty_lists(&tag_map(&values, id, &mut empty), &empty);
    let source = Source::Defaults { file: format!("{path}/values.yaml") };
    contents.push(Content { source, values, text: chart.values_text.clone(), documents });
    let imports = chart.metadata.dependencies.iter().flat_map(|requirement| {
        let imports = requirement.import_values.0.iter();
        imports.filter_map(|import| read_import(&requirement.name, import))
    });
    let imports = imports.collect();
    let name = chart.name().to_owned();
    let child = |child: &mut Chart| {
        let path = child.full_path(Some(path));
        trace_chart(child, &path, contents)
    };
    let children = chart.dependencies.iter_mut().map(child).collect();
    ChartNode { name, content: id, imports, children }
}

/// Reads an import in the form that processing leaves behind.
fn read_import(name: &str, import: &Value) -> Option<Import> {
    let map = import.as_map()?;
    let path = |key: &str| {
        let text = map.get(key).unwrap_or_default();
        let text = crate::value::to_text(&text).to_string();
        let parts = text.split('.').filter(|_| text != ".");
        parts.map(|part| PathStep::Key(part.into())).collect()
    };
    Some(Import { name: name.to_owned(), child: path("child"), parent: path("parent") })
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::io;

    use super::*;
    use crate::chart::{Dependency, ImportValues, Metadata};
    use crate::value::{deep_equal, to_text};
    use crate::values::{ValueSources, process_dependencies};

    fn chart(name: &str, values: &str) -> Chart {
        let mut chart = Chart::new(Metadata {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            ..Metadata::default()
        });
        chart.values = chart::read_values(values.as_bytes()).unwrap();
        chart.values_text = Some(values.into());
        chart
    }

    fn requirement(name: &str, alias: &str, imports: Vec<Value>) -> Dependency {
        Dependency {
            name: name.to_owned(),
            alias: alias.to_owned(),
            version: "1".to_owned(),
            import_values: ImportValues(imports),
            ..Dependency::default()
        }
    }

    fn web() -> Chart {
        let mut db = chart(
            "db",
            "port: 5432\nauth:\n  user: app\n  pass: x\nglobal:\n  zone: own\n  tier: {rank: 1}\n\
             exports:\n  data:\n    shared: [1, {k: v}]\n",
        );
        db.dependencies.push(chart("leaf", "deep: {er: 1}\nglobal: {zone: leaf}\n"));
        let mut web = chart(
            "web",
            "image: {tag: v1, name: web}\nstore:\n  auth:\n    user: parent\n\
             gone: {a: 1, b: 2}\nempty: {}\nlist: []\n---\nsecond: document\n",
        );
        let import = Value::str("data");
        web.metadata.dependencies.push(requirement("db", "store", vec![import]));
        web.dependencies.push(db);
        web
    }

    const FILE: &str = "# a file\nimage:\n  tag: v2\nglobal:\n  zone: user\nstore:\n  port: 1\n\
                        gone:\n  a: null\nhosts:\n- name: a\n- name: b\n\"dotted.key\": {x: 1}\n";

    fn traced(set: &[&str]) -> (Provenance, UserValues) {
        let sources = ValueSources {
            values: vec!["-".to_owned()],
            set: set.iter().map(|&argument| argument.to_owned()).collect(),
            ..ValueSources::default()
        };
        let user = sources.read_sources(&mut io::Cursor::new(FILE)).unwrap();
        let chart = process_dependencies(web(), &user.values).value.unwrap();
        (Provenance::trace(&chart, &user).unwrap(), user)
    }

    #[test]
    fn every_leaf_has_its_place() {
        let (provenance, _) = traced(&["image.tag=v3,hosts[1].name=c", "none.list={a,b}"]);
        let mut shown = String::new();
        for leaf in provenance.leaves() {
            let origin = leaf.origin.unwrap();
            assert!(deep_equal(&leaf.value, &origin.value), "{}", leaf.path);
            let (path, place) = (leaf.path, origin.place());
            writeln!(shown, "{path}={} {place} {:?}", to_text(&leaf.value), origin.via).unwrap();
        }
        insta::assert_snapshot!(shown, @r#"
        dotted\.key.x=1 standard input:13 Direct
        empty=map[] web/values.yaml:6 Direct
        global.zone=user standard input:5 Direct
        gone.b=2 web/values.yaml:5 Direct
        hosts[0].name=a standard input:11 Direct
        hosts[1].name=c --set 'image.tag=v3,hosts[1].name=c' Direct
        image.name=web web/values.yaml:1 Direct
        image.tag=v3 --set 'image.tag=v3,hosts[1].name=c' Direct
        list=[] web/values.yaml:7 Direct
        none.list[0]=a --set 'none.list={a,b}' Direct
        none.list[1]=b --set 'none.list={a,b}' Direct
        second=document web/values.yaml:9 Direct
        shared[0]=1 web/charts/store/values.yaml:10 Import
        shared[1].k=v web/charts/store/values.yaml:10 Import
        store.auth.pass=x web/charts/store/values.yaml:4 Direct
        store.auth.user=parent web/values.yaml:4 Parent
        store.exports.data.shared[0]=1 web/charts/store/values.yaml:10 Direct
        store.exports.data.shared[1].k=v web/charts/store/values.yaml:10 Direct
        store.global.tier.rank=1 web/charts/store/values.yaml:7 Direct
        store.global.zone=user standard input:5 Global
        store.leaf.deep.er=1 web/charts/store/charts/leaf/values.yaml:1 Direct
        store.leaf.global.tier.rank=1 web/charts/store/values.yaml:7 Global
        store.leaf.global.zone=user standard input:5 Global
        store.port=1 standard input:7 Direct
        "#);
    }

    #[test]
    fn history_is_ordered() {
        let (provenance, given) = traced(&["image.tag=v3", "global.zone=set", "store.auth.user=u"]);
        let show = |path: &str| {
            let history = provenance.history(&ValuePath::parse(path).unwrap());
            let all = history.winner.iter().chain(&history.overridden);
            let line = |o: &Origin| format!("{} {} {:?}", o.place(), to_text(&o.value), o.via);
            let lines: Vec<String> = all.map(line).collect();
            let line = format!("{path} {}: {}", history.winner.is_some(), lines.join("; "));
            line.trim_end().to_owned() + "\n"
        };
        let paths = [
            "image.tag",
            "image",
            "store.auth.user",
            "store.leaf.global.zone",
            "store.global.tier.rank",
            "gone.a",
            "shared[1].k",
            "hosts[0].name",
            "no.such",
            r"dotted\.key.x",
        ];
        let shown: String = paths.iter().map(|path| show(path)).collect();
        insta::assert_snapshot!(shown, @r#"
        image.tag true: --set 'image.tag=v3' v3 Direct; standard input:3 v2 Direct; web/values.yaml:1 v1 Direct
        image true: --set 'image.tag=v3' map[tag:v3] Direct; standard input:2 map[tag:v2] Direct; web/values.yaml:1 map[name:web tag:v1] Direct
        store.auth.user true: --set 'store.auth.user=u' u Direct; web/values.yaml:4 parent Parent; web/charts/store/values.yaml:3 app Direct
        store.leaf.global.zone true: --set 'global.zone=set' set Global; standard input:5 user Global; web/charts/store/values.yaml:6 own Global; web/charts/store/charts/leaf/values.yaml:2 leaf Direct
        store.global.tier.rank true: web/charts/store/values.yaml:7 1 Direct
        gone.a false: standard input:9 <nil> Direct; web/values.yaml:5 1 Direct
        shared[1].k true: web/charts/store/values.yaml:10 v Import
        hosts[0].name true: standard input:11 a Direct
        no.such false:
        dotted\.key.x true: standard input:13 1 Direct
        "#);
        let leaves = user_leaves(&given);
        let shown: Vec<String> = leaves
            .iter()
            .map(|leaf| format!("{} {}", leaf.path, leaf.origin.as_ref().unwrap().place()))
            .collect();
        insta::assert_snapshot!(shown.join("\n"), @r#"
        dotted\.key.x standard input:13
        global.zone --set 'global.zone=set'
        gone.a standard input:9
        hosts[0].name standard input:11
        hosts[1].name standard input:12
        image.tag --set 'image.tag=v3'
        store.auth.user --set 'store.auth.user=u'
        store.port standard input:7
        "#);
    }
}
