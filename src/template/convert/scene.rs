//! Where in a YAML file a hole stands.

/// Stands for a hole in the text that is looked at.
pub(super) const HOLE: char = '\u{1}';

/// Where a hole stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scene {
    /// A file that is no YAML.
    Text,
    /// A value or a part of one without quotes. `begins` tells whether nothing of it comes before.
    Plain {
        begins: bool,
    },
    /// In brackets or braces.
    Flow {
        begins: bool,
    },
    Double,
    Single,
    Comment,
    /// In a block of text whose lines begin at that column.
    Block(usize),
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// Returns whether a line ends in the header of a block of text.
fn opens_block(line: &str) -> bool {
    let line = match line.find(" #") {
        Some(at) => &line[..at],
        None => line,
    };
    let line = line.trim_end();
    let head = line.trim_end_matches(|c: char| matches!(c, '+' | '-') || c.is_ascii_digit());
    let Some(before) = head.strip_suffix(['|', '>']) else { return false };
    let before = before.trim_end_matches(' ');
    before.ends_with(':') || before.ends_with('-') || before.trim_start().is_empty()
}

/// Returns the column of the block of text that a line at `column` belongs to.
fn block_at(text: &str, column: usize) -> Option<usize> {
    let mut least = column;
    let mut content = column;
    for line in text.lines().rev() {
        if line.trim().is_empty() {
            continue;
        }
        let indent = indent_of(line);
        if indent >= least {
            content = indent;
            continue;
        }
        if opens_block(line) {
            return Some(content);
        }
        if indent == 0 {
            return None;
        }
        least = indent;
        content = indent;
    }
    None
}

/// Returns where the end of `text` is.
pub(super) fn scene(text: &str) -> Scene {
    let start = text.rfind('\n').map_or(0, |at| at + 1);
    let (before, line) = text.split_at(start);
    if let Some(content) = block_at(before, indent_of(line)) {
        return Scene::Block(content);
    }
    within_line(line)
}

fn within_line(line: &str) -> Scene {
    let mut quote = None;
    let mut depth = 0_usize;
    let mut begins = true;
    let mut before = ' ';
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        if let Some(open) = quote {
            match c {
                '\\' if open == '"' => {
                    chars.next();
                }
                '\'' if open == '\'' && chars.peek() == Some(&'\'') => {
                    chars.next();
                }
                _ if c == open => quote = None,
                _ => {}
            }
            before = c;
            begins = false;
            continue;
        }
        let ends_word = chars.peek().is_none_or(|next| *next == ' ');
        match c {
            '"' | '\'' if begins => quote = Some(c),
            '[' | '{' if begins => {
                depth += 1;
                begins = true;
            }
            ']' | '}' if depth > 0 => {
                depth -= 1;
                begins = false;
            }
            ',' if depth > 0 => begins = true,
            '#' if before == ' ' => return Scene::Comment,
            ' ' => {}
            ':' if ends_word => begins = true,
            '-' if begins && ends_word => {}
            _ => begins = false,
        }
        before = c;
    }
    match (quote, depth) {
        (Some('"'), _) => Scene::Double,
        (Some(_), _) => Scene::Single,
        (None, 0) => Scene::Plain { begins },
        (None, _) => Scene::Flow { begins },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_known() {
        for (text, expected) in [
            ("a: ", Scene::Plain { begins: true }),
            ("a: x", Scene::Plain { begins: false }),
            ("- ", Scene::Plain { begins: true }),
            ("- a: b:", Scene::Plain { begins: true }),
            ("a: \"x", Scene::Double),
            ("a: \"x\\\"", Scene::Double),
            ("a: 'it''s ", Scene::Single),
            ("a: it's ", Scene::Plain { begins: false }),
            ("a: [", Scene::Flow { begins: true }),
            ("a: {b: 1, c: ", Scene::Flow { begins: true }),
            ("a: [1] # ", Scene::Comment),
            ("a: |\n  x ", Scene::Block(2)),
            ("- |-\n    a\n      b ", Scene::Block(4)),
            ("a: |\n  x\nb: ", Scene::Plain { begins: true }),
            ("a:\n  b: >-\n    x\n\n    y", Scene::Block(4)),
        ] {
            assert_eq!(scene(text), expected, "{text:?}");
        }
        assert_eq!(scene("a: |\n    "), Scene::Block(4));
        assert_eq!(scene("a:\n    "), Scene::Plain { begins: true });
    }
}
