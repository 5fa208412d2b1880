use std::collections::BTreeMap;

use super::{Error, mark};
use crate::value::Value;
use crate::yaml;

/// Puts the documents of rendered files into one stream, by path, each with an annotation that
/// names its file. Notes, partials and documents of comments alone are left out.
///
/// # Errors
/// [`Error::Yaml`] or [`Error::NoMap`] for the first document that takes no annotation.
pub fn combine<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<Vec<u8>, Error> {
    let mut files: Vec<_> = files.into_iter().collect();
    files.sort_by(|a, b| a.0.cmp(b.0));
    let mut stream = Vec::new();
    for (path, text) in files {
        let base = path.rsplit('/').next().unwrap_or(path);
        if base.starts_with('_') || path.ends_with("NOTES.txt") {
            continue;
        }
        for range in yaml::split_documents(text) {
            let (offset, document) = (range.start, &text[range]);
            let value = yaml::read(document).map_err(|source| Error::Yaml {
                path: path.to_owned(),
                offset,
                source,
            })?;
            let found = match value {
                Value::Map(_) => {
                    push(&mut stream, &mark::add(document, path));
                    continue;
                }
                Value::Nil | Value::Absent => continue,
                Value::List(_) => "SequenceNode",
                _ => "ScalarNode",
            };
            let text = String::from_utf8_lossy(document).into_owned();
            return Err(Error::NoMap { path: path.to_owned(), found, text });
        }
    }
    Ok(stream)
}

fn push(stream: &mut Vec<u8>, document: &[u8]) {
    if !stream.is_empty() {
        stream.extend_from_slice(b"---\n");
    }
    stream.extend_from_slice(document);
    if !document.ends_with(b"\n") {
        stream.push(b'\n');
    }
}

/// Takes a stream apart into files again, by the annotation, which is removed. Documents without
/// it come as `generated-by-postrender-N.yaml`, N being their place in the stream.
///
/// # Errors
/// [`Error::Output`] for the first document that is no YAML; `name` is who wrote it.
pub fn split(stream: &[u8], name: &str) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut place = 0;
    for range in yaml::split_documents(stream) {
        let document = &stream[range];
        let value = yaml::read(document)
            .map_err(|source| Error::Output { name: name.to_owned(), source })?;
        if matches!(value, Value::Nil | Value::Absent) {
            continue;
        }
        match mark::file_of(&value) {
            Some(path) => push(files.entry(path).or_default(), &mark::remove(document)),
            None => {
                let path = format!("generated-by-postrender-{place}.yaml");
                push(files.entry(path).or_default(), document);
            }
        }
        place += 1;
    }
    Ok(files.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_leads_back_to_its_files() {
        let files: [(&str, &[u8]); 4] = [
            ("c/templates/b.yaml", b"# top\nkind: B # b\n---\n# only\n---\nkind: C"),
            ("c/templates/a.yaml", b"kind: A\n\n"),
            ("c/templates/_x.yaml", b"x"),
            ("c/templates/NOTES.txt", b"x"),
        ];
        let mut stream = combine(files).unwrap();
        stream.extend_from_slice(b"---\nkind: New\n---\n# nothing\n");
        let files = split(&stream, "p").unwrap();
        let texts: Vec<_> = files
            .iter()
            .map(|(path, text)| (path.as_str(), String::from_utf8_lossy(text)))
            .collect();
        assert_eq!(
            texts,
            [
                ("c/templates/a.yaml", "kind: A\n\n".into()),
                ("c/templates/b.yaml", "# top\nkind: B # b\n---\nkind: C\n".into()),
                ("generated-by-postrender-3.yaml", "kind: New\n".into()),
            ]
        );
    }

    #[test]
    fn what_is_no_map_takes_no_annotation() {
        let text =
            |text: &'static str| combine([("c/a.yaml", text.as_bytes())]).unwrap_err().to_string();
        assert_eq!(
            text("\"str\"\n"),
            "error merging manifests: parsing c/a.yaml: wrong node kind: expected MappingNode but got \
             ScalarNode: node contents:\n\"str\"\n\n"
        );
        assert!(text("- a\n").contains("SequenceNode"));
    }
}
