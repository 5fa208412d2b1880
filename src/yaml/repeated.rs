use super::event::{Data, Events};
use super::resolve::{Scalar, resolve};

/// What has been read of a collection that is still open.
enum Frame {
    List,
    /// The keys so far, and the one whose value comes next.
    Map(Vec<String>, Option<String>),
}

/// Returns the keys that a map of the first document has twice or more, with the lines of the
/// repeated values, counted from 1, in the order Helm's strict reader tells them. Texts are
/// quoted. Nothing comes back of what follows an error.
///
/// # Source
/// go-yaml 2.4, `UnmarshalStrict`.
#[must_use]
pub fn repeated_keys(text: &[u8]) -> Vec<(usize, String)> {
    let mut events = Events::new(text);
    let mut frames: Vec<(Frame, usize)> = Vec::new();
    let mut found = Vec::new();
    while let Ok(event) = events.next() {
        let line = event.start.line + 1;
        let mut begun = line;
        let key = match event.data {
            Data::StreamEnd | Data::DocumentEnd => break,
            Data::DocumentStart => continue,
            Data::SequenceStart(_) => {
                frames.push((Frame::List, line));
                continue;
            }
            Data::MappingStart(_) => {
                frames.push((Frame::Map(Vec::new(), None), line));
                continue;
            }
            Data::SequenceEnd | Data::MappingEnd => {
                begun = frames.pop().map_or(line, |(_, line)| line);
                None
            }
            Data::Alias(name) => Some(format!("*{name}")),
            Data::Scalar { value, plain, .. } => Some(key_text(&value, plain)),
        };
        let Some((Frame::Map(keys, current), _)) = frames.last_mut() else { continue };
        match current.take() {
            Some(name) if keys.contains(&name) => found.push((begun, name)),
            Some(name) => keys.push(name),
            // A collection as a key is refused elsewhere.
            None => *current = Some(key.unwrap_or_default()),
        }
    }
    found
}

/// Returns a key as Go prints it with `%#v`.
fn key_text(text: &str, plain: bool) -> String {
    match if plain { resolve(text) } else { Scalar::Str } {
        Scalar::Str => format!("{text:?}"),
        Scalar::Null => "interface {}(nil)".to_owned(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_of_the_values() {
        let found = repeated_keys(b"a: 1\nb:\n- x: 1\n  x: 2\na:\n  c: 1\n1: x\n1: y\n");
        let expected = [(4, "\"x\"".to_owned()), (6, "\"a\"".to_owned()), (8, "1".to_owned())];
        assert_eq!(found, expected);
        assert!(repeated_keys(b"a: 1\nb: {a: 1}\n").is_empty());
    }
}
