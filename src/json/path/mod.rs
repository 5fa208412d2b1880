//! `JSONPath` templates as `kubectl` and `helm show values --jsonpath` take them: text with actions
//! in braces, such as `{range .items[*]}{.name}{"\n"}{end}`.
//!
//! Where Go goes through a map in random order, the order here is that of the keys.

mod evaluate;
mod parse;

use crate::value::Value;

/// A `JSONPath` template.
#[derive(Debug)]
pub struct PathTemplate {
    nodes: Vec<Node>,
}

/// A part of a template or of an action.
#[derive(Clone, Debug, PartialEq)]
enum Node {
    Text(String),
    /// The content of a pair of braces.
    List(Vec<Node>),
    Identifier(String),
    Bool(bool),
    Int(i64),
    Float(f64),
    Field(String),
    Wildcard,
    Recursive,
    Slice(Slice),
    Union(Vec<Vec<Node>>),
    Filter {
        left: Vec<Node>,
        right: Vec<Node>,
        operator: String,
    },
}

/// `[start:end:step]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slice {
    start: Option<i64>,
    end: Option<i64>,
    step: Option<i64>,
    /// Whether the end comes of a single index.
    is_index: bool,
}

impl PathTemplate {
    /// Reads a template.
    ///
    /// # Errors
    /// The text of kubectl's parser.
    ///
    /// # Source
    /// `k8s.io/client-go/util/jsonpath`.
    pub fn parse(text: &str) -> Result<Self, String> {
        Ok(PathTemplate { nodes: parse::parse(text)? })
    }

    /// Returns what the template makes of a value; collections are printed as JSON.
    ///
    /// # Errors
    /// Why a step leads nowhere, as `missing is not found`.
    pub fn evaluate(&self, value: &Value) -> Result<Vec<u8>, String> {
        evaluate::evaluate(&self.nodes, value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(template: &str) -> Result<String, String> {
        let value = crate::json::read(
            br#"{"a": "text", "f": 1.5, "big": 100000000, "t": true, "z": null,
                "list": [1, "two", 3.5, {"x": "q"}],
                "items": [{"name": "one", "num": 1, "tags": ["a", "b"]},
                    {"name": "two", "num": 2.5}],
                "m": {"k": "v", "k2": {"d": "deep"}, "dot.ted": 7}}"#,
        )
        .unwrap();
        let text = PathTemplate::parse(template)?.evaluate(&value)?;
        Ok(String::from_utf8(text).unwrap())
    }

    #[test]
    fn values_are_found() {
        for (template, expected) in [
            ("{.a}", "text"),
            (".a", ".a"),
            ("{ .a }-{.f}", "text-1.5"),
            ("{.big} {.t}", "1e+08 true"),
            ("{.list}", r#"[1,"two",3.5,{"x":"q"}]"#),
            ("{.list[*]}", r#"1 two 3.5 {"x":"q"}"#),
            ("{.list[0]}{.list[-1]}", r#"1{"x":"q"}"#),
            ("{.list[0:2]},{.list[::2]}", "1 two,1 3.5"),
            ("{.list[0,1]}", "1 two"),
            ("{.items[*].name}", "one two"),
            ("{.items[?(@.num>2.0)].name}", "two"),
            (r#"{.items[?(@.name=="two")].num}"#, "2.5"),
            ("{.items[?(@.name!='two')].name}", "one"),
            ("{.items[?(@.tags)].name}", "one"),
            (r#"{range .items[*]}{.name}={.num}{"\n"}{end}!"#, "one=1\ntwo=2.5\n!"),
            ("{range .list[*]}[{@}]{end}", r#"[1][two][3.5][{"x":"q"}]"#),
            ("{range .items[*]}x", "xxx"),
            ("{..name} {..d}", "one two deep"),
            ("{.m['k','k2']}", r#"v {"d":"deep"}"#),
            (r"{.m.dot\.ted}", "7"),
            (r#"{"lit"} {'q'} {5} {true}"#, "lit q 5 true"),
            ("{.m.*}", r#"7 v {"d":"deep"}"#),
            ("{.z}", "null"),
            ("{.a}}", "text}"),
            ("plain", "plain"),
        ] {
            assert_eq!(answer(template).as_deref(), Ok(expected), "{template}");
        }
    }

    #[test]
    fn failures_have_kubectls_text() {
        for (template, expected) in [
            ("{.a", "unclosed action"),
            ("{.items[a]}", "invalid array index a"),
            ("{.items[0}", "unterminated array"),
            (r#"{.m["k"]}"#, r#"invalid array index "k""#),
            (r#"{.items[?(@.n=~"t")]}"#, "unrecognized character in action: U+007E '~'"),
            ("{..}{....a}", "invalid multiple recursive descent"),
            ("{'a}", "unterminated quoted string"),
            ("{.nope}", "nope is not found"),
            ("{.list[9]}", "array index out of bounds: index 9, length 4"),
            ("{end}", "not in range, nothing to end"),
            ("{.items[?(@.num==1)].name}", "incompatible types for comparison"),
        ] {
            assert_eq!(answer(template), Err(expected.to_owned()), "{template}");
        }
    }
}
