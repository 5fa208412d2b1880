//! YAML with a comment behind each leaf.

use std::collections::BTreeMap;

use crate::value::{List, Map, Value};
use crate::values::ValuePath;

/// The column from which on comments are no longer aligned.
const LAST_COLUMN: usize = 50;

struct Line {
    text: String,
    comment: Option<String>,
}

/// Writes a value, which lies at `path`, as YAML. A leaf that has a comment gets it at the end of
/// its first line.
pub(in crate::cli) fn write(
    value: &Value,
    path: &ValuePath,
    comments: &BTreeMap<ValuePath, String>,
) -> Vec<u8> {
    let mut lines = Vec::new();
    match value {
        Value::Map(map) if !map.is_empty() => write_map(map, path, 0, comments, &mut lines),
        Value::List(list) if !list.is_empty() => write_list(list, path, 0, comments, &mut lines),
        _ => write_leaf("", value, path, 0, comments, &mut lines),
    }
    let widths = lines.iter().filter(|line| line.comment.is_some());
    let widths = widths.map(|line| line.text.chars().count());
    let column = widths.filter(|width| *width <= LAST_COLUMN).max().unwrap_or(0) + 2;
    let mut out = String::new();
    for Line { text, comment } in lines {
        out.push_str(&text);
        if let Some(comment) = comment {
            let gap = column.saturating_sub(text.chars().count()).max(2);
            out.push_str(&" ".repeat(gap));
            out.push_str("# ");
            out.push_str(&comment);
        }
        out.push('\n');
    }
    out.into_bytes()
}

fn write_map(
    map: &Map,
    path: &ValuePath,
    indent: usize,
    comments: &BTreeMap<ValuePath, String>,
    lines: &mut Vec<Line>,
) {
    for (key, value) in map.entries() {
        let inner = path.key(key.clone());
        match &value {
            Value::Map(map) if !map.is_empty() => {
                lines.push(key_line(&key_text(&key), indent));
                stacker::maybe_grow(64 << 10, 1 << 20, || {
                    write_map(map, &inner, indent + 2, comments, lines);
                });
            }
            Value::List(list) if !list.is_empty() => {
                lines.push(key_line(&key_text(&key), indent));
                stacker::maybe_grow(64 << 10, 1 << 20, || {
                    write_list(list, &inner, indent, comments, lines);
                });
            }
            _ => {
                let pair = Value::Map(Map::from_pairs([(key, value)]));
                write_leaf("", &pair, &inner, indent, comments, lines);
            }
        }
    }
}

fn write_list(
    list: &List,
    path: &ValuePath,
    indent: usize,
    comments: &BTreeMap<ValuePath, String>,
    lines: &mut Vec<Line>,
) {
    for (index, item) in list.items().iter().enumerate() {
        let inner = path.index(index);
        let start = lines.len();
        stacker::maybe_grow(64 << 10, 1 << 20, || match item {
            Value::Map(map) if !map.is_empty() => {
                write_map(map, &inner, indent + 2, comments, lines);
            }
            Value::List(list) if !list.is_empty() => {
                write_list(list, &inner, indent + 2, comments, lines);
            }
            _ => write_leaf("  ", item, &inner, indent, comments, lines),
        });
        if let Some(first) = lines.get_mut(start)
            && first.text.is_char_boundary(indent)
        {
            first.text.replace_range(indent..=indent, "-");
        }
    }
}

fn key_text(key: &crate::value::Str) -> String {
    let pair = Value::Map(Map::from_pairs([(key.clone(), Value::Map(Map::new()))]));
    let text = crate::yaml::to_yaml_pretty(&pair).unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    text.trim_end().strip_suffix(" {}").unwrap_or(&text).to_owned()
}

fn key_line(text: &str, indent: usize) -> Line {
    Line { text: format!("{}{text}", " ".repeat(indent)), comment: None }
}

fn write_leaf(
    prefix: &str,
    value: &Value,
    path: &ValuePath,
    indent: usize,
    comments: &BTreeMap<ValuePath, String>,
    lines: &mut Vec<Line>,
) {
    let text = crate::yaml::to_yaml_pretty(value).unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let mut comment = comments.get(path).filter(|comment| !comment.is_empty()).cloned();
    for line in text.trim_end_matches('\n').split('\n') {
        let text = if line.is_empty() {
            String::new()
        } else {
            format!("{}{prefix}{line}", " ".repeat(indent))
        };
        lines.push(Line { text, comment: comment.take() });
    }
}
