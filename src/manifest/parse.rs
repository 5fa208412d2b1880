use std::sync::Arc;

use super::{Document, Error, Head, Hook, Order, hook, sort_by_kind};
use crate::value::Str;
use crate::yaml;

/// What a chart's rendered files come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// The objects of the release in the order of installation.
    pub documents: Vec<Document>,
    /// The hooks, in the same order of kinds; weights count only when they run.
    pub hooks: Vec<Hook>,
    /// The rendered notes; empty without any.
    pub notes: String,
    /// Documents that were dropped for naming an event that does not exist.
    pub skipped: Vec<SkippedHook>,
}

/// A document that was dropped for naming an event that does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedHook {
    /// The template the document came from.
    pub path: Arc<str>,
    /// The text of the annotation `helm.sh/hook`.
    pub events: String,
}

/// Which `NOTES.txt` files make up the notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notes {
    /// That of the root chart.
    Root,
    /// Those of all charts (`--render-subchart-notes`), by path, as Helm's own order is random.
    All,
}

/// Makes a manifest of rendered files.
///
/// `files` are pairs of path and text in any order; paths start with the chart's name. Partials
/// (`_*`) and blank files are passed over. `root` is the name of the root chart.
///
/// # Errors
/// [`Error`] for the first document, by path and place, that is not YAML or not an object.
pub fn parse<'a>(
    files: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    root: &str,
    notes: Notes,
) -> Result<Manifest, Error> {
    let mut files: Vec<_> = files.into_iter().collect();
    files.sort_by(|a, b| a.0.cmp(b.0));
    let mut manifest = Manifest::default();
    let mut pieces = Vec::new();
    let root_notes = format!("{root}/templates/NOTES.txt");
    for (path, text) in files {
        if path.ends_with("NOTES.txt") {
            if notes == Notes::All || path == root_notes {
                if !manifest.notes.is_empty() {
                    manifest.notes.push('\n');
                }
                manifest.notes.push_str(&String::from_utf8_lossy(text));
            }
            continue;
        }
        let base = path.rsplit('/').next().unwrap_or(path);
        if base.starts_with('_') {
            continue;
        }
        let path: Arc<str> = Arc::from(path);
        for range in yaml::split_documents(text) {
            pieces.push((Arc::clone(&path), range.start, &text[range]));
        }
    }
    let heads = crate::parallel::map(
        &pieces,
        |(_, _, piece)| piece.len(),
        |(path, offset, piece)| read_head(path, *offset, piece),
    );
    for ((path, offset, piece), head) in pieces.into_iter().zip(heads) {
        manifest.sort_in(Document { path, text: Str::from(piece), offset, head: head? });
    }
    sort_by_kind(&mut manifest.documents, Order::Install, |document| &document.head.kind);
    sort_by_kind(&mut manifest.hooks, Order::Install, |hook| &hook.kind);
    Ok(manifest)
}

/// Reads the manifest text of a release record again, in the order it was stored in.
///
/// Each document's path comes from its `# Source:` line, empty without one. Hooks are stored apart
/// from the manifest and do not occur here.
///
/// # Errors
/// [`Error`] when a document is not YAML or not an object.
pub fn parse_stored(manifest: &str) -> Result<Vec<Document>, Error> {
    let manifest = manifest.as_bytes();
    yaml::split_documents(manifest)
        .into_iter()
        .map(|range| {
            let (offset, piece) = (range.start, &manifest[range]);
            // The line feed that the record puts after each text.
            let piece = piece.strip_suffix(b"\n").unwrap_or(piece);
            let path: Arc<str> = Arc::from(source_line(piece).unwrap_or(""));
            let head = read_head(&path, offset, piece)?;
            Ok(Document { path, text: Str::from(piece), offset, head })
        })
        .collect()
}

/// Reads a file of a chart's `crds/` folder.
///
/// # Errors
/// [`Error`] when a document is not YAML or not an object.
pub fn parse_crd(path: &str, text: &[u8]) -> Result<Vec<Document>, Error> {
    let path: Arc<str> = Arc::from(path);
    yaml::split_documents(text)
        .into_iter()
        .map(|range| {
            let (offset, piece) = (range.start, &text[range]);
            let head = read_head(&path, offset, piece)?;
            Ok(Document { path: Arc::clone(&path), text: Str::from(piece), offset, head })
        })
        .collect()
}

fn source_line(piece: &[u8]) -> Option<&str> {
    let line = piece.split(|byte| *byte == b'\n').next()?;
    std::str::from_utf8(line.strip_prefix(b"# Source: ")?).ok().map(str::trim_end)
}

fn read_head(path: &str, offset: usize, piece: &[u8]) -> Result<Head, Error> {
    let value = yaml::skim(piece, &["apiVersion", "kind", "metadata"])
        .map_err(|source| Error::Yaml { path: path.to_owned(), offset, source })?;
    Head::from_value(&value).map_err(|source| Error::Head { path: path.to_owned(), offset, source })
}

impl Manifest {
    fn sort_in(&mut self, document: Document) {
        let path = Arc::clone(&document.path);
        match hook::read(document) {
            hook::Reading::NoHook(document) => self.documents.push(document),
            hook::Reading::Hook(hook) => self.hooks.push(*hook),
            hook::Reading::Unknown(events) => self.skipped.push(SkippedHook { path, events }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{DeletePolicy, Event};
    use super::*;

    fn parse_one(text: &str) -> Result<Manifest, Error> {
        parse([("c/templates/a.yaml", text.as_bytes())], "c", Notes::Root)
    }

    #[test]
    fn documents_keep_trailing_space_and_sort_by_kind() {
        let manifest = parse_one(
            "--- # x\nkind: Pod\n--- \n--- foo: bar\n---bar: 2\n#c\n\n---\n# only\n---\nnull\n",
        )
        .unwrap();
        let texts: Vec<_> =
            manifest.documents.iter().map(|d| d.text.to_str_lossy().into_owned()).collect();
        assert_eq!(
            texts,
            ["# x\nkind: Pod\n", "foo: bar\n", "bar: 2\n#c\n\n", "# only\n", "null\n"]
        );
    }

    #[test]
    fn hooks() {
        type Expected = Option<(&'static [Event], i64)>;
        let cases: [(&str, Expected); 6] = [
            ("pre-install", Some((&[Event::PreInstall], 7))),
            (
                "\" PRE-INSTALL , post-install\"",
                Some((&[Event::PreInstall, Event::PostInstall], 7)),
            ),
            ("test-success", Some((&[Event::Test], 7))),
            ("pre-install,foo", None),
            ("crd-install", None),
            ("\"\"", None),
        ];
        for (events, expected) in cases {
            let manifest = parse_one(&format!(
                "kind: Job\nmetadata:\n  name: j\n  annotations:\n    helm.sh/hook: {events}\n    \
                 helm.sh/hook-weight: 7\n"
            ))
            .unwrap();
            assert!(manifest.documents.is_empty());
            match expected {
                Some((events, weight)) => {
                    assert_eq!(manifest.hooks[0].events, events);
                    assert_eq!(manifest.hooks[0].weight, weight);
                    assert!(manifest.hooks[0].has_delete_policy(&DeletePolicy::BeforeHookCreation));
                }
                None => assert_eq!(manifest.skipped.len(), 1, "{events}"),
            }
        }
    }

    #[test]
    fn notes_partials_and_blank_files_are_no_documents() {
        let files: [(&str, &[u8]); 5] = [
            ("c/templates/NOTES.txt", b"root"),
            ("c/charts/s/templates/NOTES.txt", b"sub"),
            ("c/templates/_x.yaml", b"a: b"),
            ("c/templates/x.yaml", b" \n\t\n"),
            ("c/templates/y.yaml", b"kind: Pod"),
        ];
        let manifest = parse(files, "c", Notes::Root).unwrap();
        assert_eq!((manifest.documents.len(), manifest.notes.as_str()), (1, "root"));
        let manifest = parse(files, "c", Notes::All).unwrap();
        assert_eq!(manifest.notes, "sub\nroot");
    }

    #[test]
    fn stored_documents_remember_their_source() {
        let stored =
            "---\n# Source: c/templates/a.yaml\nkind: Pod\n\n---\n# Source: c/b.yaml\nkind: A\n";
        let documents = parse_stored(stored).unwrap();
        assert_eq!(&*documents[0].path, "c/templates/a.yaml");
        assert_eq!((&*documents[1].path, documents[1].head.kind.as_str()), ("c/b.yaml", "A"));
        assert_eq!(documents[0].text.as_bytes(), b"# Source: c/templates/a.yaml\nkind: Pod\n");
    }

    #[test]
    fn errors_name_the_template() {
        let error = parse_one("a: b\n---\n- x\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "YAML parse error on c/templates/a.yaml: error unmarshaling JSON: while decoding JSON: \
             json: cannot unmarshal array into Go value of type util.SimpleHead"
        );
        assert_eq!(error.offset(), 9);
        let error = parse_one("a: b\n c: d\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "YAML parse error on c/templates/a.yaml: error converting YAML to JSON: yaml: line 2: \
             mapping values are not allowed in this context"
        );
    }
}
