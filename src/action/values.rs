use super::Error;
use super::render::{RenderRequest, UnreadValues, ValueCheck, render_chart};
use crate::chart::{Chart, Warned};
use crate::manifest::Notes;
use crate::template::function::Env;
use crate::template::{Capabilities, ReleaseContext};
use crate::values::provenance::{Provenance, user_leaves};
use crate::values::unread::Unread;
use crate::values::{self, UserValues};

/// Which values nobody reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnreadScope {
    /// Those that the user gave.
    Given,
    /// The defaults of charts, too.
    All,
}

/// A chart to be rendered for what its templates read.
#[derive(Debug)]
pub struct UnreadRequest<'a> {
    /// The chart as loaded.
    pub chart: Chart,
    /// The user's values.
    pub given: &'a UserValues,
    /// What `.Release` says.
    pub release: ReleaseContext,
    /// What `.Capabilities` says.
    pub capabilities: Capabilities,
    /// The world as functions see it.
    pub env: &'a Env,
    /// Whether `values.schema.json` is passed over (`--skip-schema-validation`).
    pub skip_schema_validation: bool,
    /// Which values are of interest.
    pub scope: UnreadScope,
}

/// Merges the values of a chart and tells where each comes from.
///
/// # Errors
/// [`Error::Values`] when they cannot be merged.
pub fn trace_values(chart: Chart, given: &UserValues) -> Warned<Result<Provenance, Error>> {
    let Warned { value, mut warnings } = values::process_dependencies(chart, &given.values);
    let value = value.and_then(|chart| {
        warnings.extend(values::merge(&chart, &given.values).warnings);
        Provenance::trace(&chart, given)
    });
    Warned { value: value.map_err(Error::from), warnings }
}

/// How many of the unread values get a suggestion.
const MAX_SUGGESTIONS: usize = 200;

/// Renders a chart and returns the values that no template looked at.
///
/// # Errors
/// [`Error`] when the chart does not render.
pub fn unread_values(request: UnreadRequest) -> Warned<Result<Vec<Unread>, Error>> {
    let UnreadRequest { chart, given, release, capabilities, env, skip_schema_validation, scope } =
        request;
    let Warned { value, warnings } = render_chart(RenderRequest {
        chart,
        user_values: given,
        release,
        capabilities,
        env,
        skip_schema_validation,
        notes: Notes::All,
        post_renderer: None,
        check: Some(ValueCheck { given, unread: UnreadValues::Keep }),
    });
    let value = value.and_then(|rendered| unread(&rendered, given, scope));
    Warned { value, warnings }
}

fn unread(
    rendered: &super::RenderedChart,
    given: &UserValues,
    scope: UnreadScope,
) -> Result<Vec<Unread>, Error> {
    let Some(reads) = &rendered.reads else { return Ok(Vec::new()) };
    let leaves = match scope {
        UnreadScope::Given => user_leaves(given),
        UnreadScope::All => Provenance::trace(&rendered.chart, given)?.leaves(),
    };
    Ok(reads.group(&rendered.chart, leaves, MAX_SUGGESTIONS))
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::chart::{self, Dependency, File, Metadata};
    use crate::values::ValueSources;

    fn chart(name: &str, values: &str, template: &str) -> Chart {
        let mut chart = Chart::new(Metadata {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            ..Metadata::default()
        });
        chart.values = chart::read_values(values.as_bytes()).unwrap();
        chart.values_text = Some(values.into());
        chart.templates.push(File {
            name: "templates/NOTES.txt".to_owned(),
            data: template.into(),
            modified: None,
        });
        chart
    }

    fn unread(chart: Chart, given: &UserValues, scope: UnreadScope) -> Vec<Unread> {
        let env = Env::new();
        let request = UnreadRequest {
            chart,
            given,
            release: ReleaseContext {
                name: "r".to_owned(),
                namespace: "ns".to_owned(),
                revision: 1,
                is_upgrade: false,
            },
            capabilities: Capabilities::default(),
            env: &env,
            skip_schema_validation: true,
            scope,
        };
        unread_values(request).value.unwrap()
    }

    fn given(sources: &ValueSources, file: &str) -> UserValues {
        sources.read_sources(&mut io::Cursor::new(file)).unwrap()
    }

    const VALUES: &str = "a: 1\nb: {c: 2, d: 3, e: {f: 4}}\nl: [{h: 1, i: 2}, 5]\nz: {}\n";

    /// Each leaf that no template reads, apart.
    fn leaves(template: &str) -> String {
        let chart = chart("web", VALUES, template);
        let found = unread(chart, &UserValues::default(), UnreadScope::All);
        let shown: Vec<String> = found
            .iter()
            .map(|one| match one.count {
                1 => one.path.to_string(),
                count => format!("{}({count})", one.path),
            })
            .collect();
        shown.join(" ")
    }

    #[test]
    fn each_way_to_look_counts_and_no_more() {
        let all = "a b(3) l(3) z";
        let cases = [
            ("", all),
            ("{{ .Values.a }}", "b(3) l(3) z"),
            ("{{ .Values.b.c }}", "a b.d b.e.f l(3) z"),
            ("{{ with .Values.b }}{{ .c }}{{ end }}", "a b.d b.e.f l(3) z"),
            // Whether it is empty: only all together can change that.
            ("{{ if .Values.b }}x{{ end }}", "a l(3) z"),
            ("{{ if .Values.b }}{{ .Values.b.c }}{{ end }}", "a b.d b.e.f l(3) z"),
            ("{{ if .Values.z }}x{{ end }}", "a b(3) l(3)"),
            ("{{ not .Values.b.e }}", "a b.c b.d l(3) z"),
            ("{{ toYaml .Values.b | indent 2 }}", "a l(3) z"),
            ("{{ .Values.b | toJson }}", "a l(3) z"),
            ("{{ .Values.b }}", "a l(3) z"),
            ("{{ printf \"%v\" .Values.b }}", "a l(3) z"),
            ("{{ .Values.b | quote }}", "a l(3) z"),
            ("{{ index .Values \"b\" \"c\" }}", "a b.d b.e.f l(3) z"),
            ("{{ get .Values.b \"c\" }}", "a b.d b.e.f l(3) z"),
            ("{{ dig \"b\" \"c\" 1 (.Values | merge (dict)) }}", "a b.d b.e.f l(3) z"),
            ("{{ hasKey .Values.b \"c\" }}", "a b.d b.e.f l(3) z"),
            ("{{ hasKey .Values.b \"nope\" }}", all),
            ("{{ pluck \"c\" .Values.b }}", "a b.d b.e.f l(3) z"),
            ("{{ keys .Values.b | sortAlpha }}", "a b.e.f l(3) z"),
            ("{{ values .Values.b | len }}", "a b.e.f l(3) z"),
            ("{{ len .Values.b }}", "a b.e.f l(3) z"),
            ("{{ range $k, $v := .Values.b }}{{ $k }}{{ end }}", "a b.e.f l(3) z"),
            ("{{ range .Values.l }}x{{ end }}", "a b(3) l[0](2) z"),
            ("{{ (index .Values.l 0).h }}", "a b(3) l[0].i z"),
            ("{{ eq (toString .Values.b.c) \"2\" }}", "a b.d b.e.f l(3) z"),
            ("{{ deepEqual .Values.b (dict) }}", "a b.e.f l(3) z"),
            ("{{ tpl \"{{ .Values.b.c }}\" . }}", "a b.d b.e.f l(3) z"),
            ("{{ tpl (toYaml .Values.b) . | nindent 2 }}", "a l(3) z"),
            ("{{ typeOf .Values.b }}", all),
            ("{{ kindIs \"map\" .Values.b.e }}", all),
            ("{{ typeOf .Values.a }}", "b(3) l(3) z"),
            // Copies keep the link.
            ("{{ (deepCopy .Values.b).c }}", "a b.d b.e.f l(3) z"),
            ("{{ (merge (dict) .Values.b).c }}", "a b.d b.e.f l(3) z"),
            ("{{ (mergeOverwrite (dict \"c\" 9) .Values.b).c }}", "a b.d b.e.f l(3) z"),
            ("{{ (merge (dict \"c\" 9) .Values.b).c }}", "a b.d b.e.f l(3) z"),
            ("{{ (mergeOverwrite (deepCopy .Values.b) (dict \"x\" 1)).x }}", "a b(3) l(3) z"),
            ("{{ (merge (dict \"e\" (dict \"g\" 1)) .Values.b).e.f }}", "a b.c b.d l(3) z"),
            ("{{ (omit .Values.b \"c\").d }}", "a b.c b.e.f l(3) z"),
            ("{{ toJson (omit .Values.b \"c\") }}", "a b.c l(3) z"),
            ("{{ toJson (pick .Values.b \"c\") }}", "a b.d b.e.f l(3) z"),
            ("{{ if omit .Values.b \"c\" \"e\" }}x{{ end }}", "a b.c b.e.f l(3) z"),
            ("{{ $d := dict \"m\" .Values.b }}{{ $d.m.c }}", "a b.d b.e.f l(3) z"),
            ("{{ (default (dict) .Values.b).c }}", "a b.d b.e.f l(3) z"),
            ("{{ (coalesce .Values.b (dict)).c }}", "a b.d b.e.f l(3) z"),
            ("{{ (ternary .Values.b (dict) true).c }}", "a b.d b.e.f l(3) z"),
            // What is overwritten first is not the user's any more.
            ("{{ $_ := set .Values.b \"c\" 5 }}{{ .Values.b.c }}", all),
            ("{{ $_ := set .Values \"b\" (dict) }}{{ toJson .Values.b }}", all),
            ("{{ $_ := unset .Values.b \"c\" }}{{ if .Values.b }}{{ end }}", "a b.e.f l(3) z"),
            ("{{ toYaml .Values | sha256sum }}", ""),
            ("{{ .Values | toJson }}", ""),
        ];
        let wrong: Vec<String> = cases
            .iter()
            .map(|(template, expected)| (template, expected, leaves(template)))
            .filter(|(_, expected, found)| *expected != found)
            .map(|(template, expected, found)| format!("{template}: {found}, not {expected}"))
            .collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    fn umbrella() -> Chart {
        let template = "{{ .Values.global.zone }} {{ .Values.port }}";
        let mut web = chart("web", "db: {port: 1}\n", "{{ .Values.image.tag }} {{ .Values.nam }}");
        let requirement = |name: &str, condition: &str| Dependency {
            name: name.to_owned(),
            version: "1".to_owned(),
            condition: condition.to_owned(),
            ..Dependency::default()
        };
        web.metadata.dependencies = vec![
            requirement("db", "db.enabled,never.read"),
            requirement("cold", "global.cold,cold.enabled"),
        ];
        web.metadata.dependencies[1].tags = vec!["back".to_owned()];
        web.dependencies.push(chart("db", "port: 2\nrest: 1\n", template));
        web.dependencies.push(chart("cold", "", "{{ .Values.x }}"));
        web
    }

    #[test]
    fn given_values_are_told_with_their_place() {
        let sources = ValueSources {
            values: vec!["-".to_owned()],
            set: vec!["imge.tag=1".to_owned(), "image.tag=2,nmae=3".to_owned()],
            ..ValueSources::default()
        };
        let file = "name: x\ndb:\n  enabled: true\n  prot: 3\n  rest: null\nglobal:\n  zone: a\n  \
                    other: b\ncold:\n  enabled: false\n  x: 1\ntags:\n  back: true\n  front: true\n\
                    never: {read: true}\nport: 5\non: 1\n";
        let found = unread(umbrella(), &given(&sources, file), UnreadScope::Given);
        let lines: Vec<String> = found.iter().map(Unread::message).collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        standard input:11: cold.x belongs to subchart cold, which is disabled by condition cold.enabled
        standard input:4: db.prot is not read by any template; did you mean db.port?
        standard input:5: db.rest is not read by any template
        standard input:8: global.other is not read by any template
        --set 'imge.tag=1' is not read by any template; did you mean image.tag?
        standard input:1: name is not read by any template; did you mean nam?
        standard input:15: never.read is not read by any template
        nmae of --set 'image.tag=2,nmae=3' is not read by any template
        standard input:16: port is not read by any template; did you mean db.port?
        standard input:14: tags.front is not read by any template
        standard input:17: true is not read by any template; YAML reads the keys y, yes and on as the boolean true: quote them
        ");
    }
}
