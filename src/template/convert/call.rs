//! Calls of functions as Jinja has them: operators, filters, functions.

use super::expression::{Fault, Level, Printer, Result, Text};
use super::tree::{Call, Tree};
use crate::template::jinja::library::{self, Row, Subject};

/// Functions that take what they are called with, and are not written as filters.
const PLAIN: &[&str] = &[
    "fail",
    "now",
    "until",
    "untilStep",
    "seq",
    "coalesce",
    "uuidv4",
    "randAlphaNum",
    "randAlpha",
    "randNumeric",
    "randAscii",
    "randBytes",
    "randInt",
    "genCA",
    "genCAWithKey",
    "genPrivateKey",
    "genSelfSignedCert",
    "genSignedCert",
    "derivePassword",
    "htpasswd",
    "concat",
    "printf",
];

/// Filters of the engine itself that take what they are applied to last in Go.
const OWN: &[(&str, &str)] = &[
    ("first", "first"),
    ("float64", "float"),
    ("int", "int"),
    ("int64", "int"),
    ("atoi", "int"),
    ("last", "last"),
    ("len", "length"),
    ("lower", "lower"),
    ("reverse", "reverse"),
    ("toString", "string"),
    ("trim", "trim"),
    ("upper", "upper"),
    ("title", "title"),
    ("join", "join"),
    ("replace", "replace"),
    ("splitList", "split"),
];

/// Returns whether a filter or function has that name in Jinja.
pub(super) fn is_function(name: &str) -> bool {
    library::rows().any(|row| row.names.contains(&name))
        || OWN.iter().any(|(_, own)| *own == name)
        || matches!(name, "entries" | "optional" | "raw" | "safe" | "range" | "items")
}

fn row(name: &str) -> Option<&'static Row> {
    let short = base_name(name);
    library::rows().find(|row| row.go == name || row.go == short)
}

/// What functions with `must` before their names do, they do too.
fn base_name(name: &str) -> String {
    match name.strip_prefix("must") {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_uppercase()) => {
            let mut chars = rest.chars();
            let first = chars.next().map(|c| c.to_ascii_lowercase());
            first.into_iter().chain(chars).collect()
        }
        _ => name.to_owned(),
    }
}

/// Applies a filter.
fn filter(printer: Printer, subject: &Tree, name: &str, args: &[Tree]) -> Result<Text> {
    let subject = printer.print(subject)?.at(Level::Filter);
    let args = printer.list(args)?;
    let text = if args.is_empty() {
        format!("{subject} | {name}")
    } else {
        format!("{subject} | {name}({args})")
    };
    Ok(Text::new(text, Level::Filter))
}

/// Puts an operator between expressions.
fn infix(
    printer: Printer,
    operator: &str,
    args: &[Tree],
    level: Level,
    inner: Level,
) -> Result<Text> {
    let texts = args.iter().map(|arg| Ok(printer.print(arg)?.at(inner)));
    let texts = texts.collect::<Result<Vec<_>>>()?;
    let level = if args.len() == 1 { inner } else { level };
    Ok(Text::new(texts.join(operator), level))
}

/// Takes the format of `printf` apart, if it has nothing but plain verbs.
fn format_parts(format: &str) -> Option<Vec<Option<String>>> {
    let mut parts = vec![Some(String::new())];
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        let literal = match c {
            '%' => match chars.next()? {
                '%' => '%',
                's' | 'd' | 'v' => {
                    parts.push(None);
                    parts.push(Some(String::new()));
                    continue;
                }
                _ => return None,
            },
            c => c,
        };
        if let Some(Some(text)) = parts.last_mut() {
            text.push(literal);
        }
    }
    parts.retain(|part| part.as_deref() != Some(""));
    Some(parts)
}

fn printf(printer: Printer, call: &Call) -> Result<Option<Text>> {
    let Some((Tree::Text(format), args)) = call.args.split_first() else { return Ok(None) };
    let Some(parts) = format_parts(format) else { return Ok(None) };
    if parts.iter().filter(|part| part.is_none()).count() != args.len() {
        return Ok(None);
    }
    let mut args = args.iter();
    let mut trees = Vec::new();
    for part in parts {
        match part {
            Some(text) => trees.push(Tree::Text(text)),
            None => trees.extend(args.next().cloned()),
        }
    }
    concat(printer, &trees).map(Some)
}

/// Joins texts.
fn concat(printer: Printer, trees: &[Tree]) -> Result<Text> {
    match trees {
        [] => Ok(Text::new(printer.literal(""), Level::Atom)),
        [one] => filter(printer, one, "string", &[]),
        many => infix(printer, " ~ ", many, Level::Concat, Level::Product),
    }
}

fn fault<T>(call: &Call, reason: impl Into<String>) -> Result<T> {
    Err(Fault { position: call.position, reason: reason.into() })
}

fn kind_test(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "string" => "string",
        "map" => "mapping",
        "slice" => "sequence",
        "bool" => "boolean",
        "float64" => "number",
        _ => return None,
    })
}

/// Writes a call.
pub(super) fn print(printer: Printer, call: &Call) -> Result<Text> {
    let name = base_name(&call.name);
    match operation(printer, &name, &call.args)? {
        Some(text) => Ok(text),
        None => special(printer, call, &name),
    }
}

/// Writes a call of what is an operator in Jinja.
fn operation(printer: Printer, name: &str, args: &[Tree]) -> Result<Option<Text>> {
    let compare = |operator: &str| infix(printer, operator, args, Level::Compare, Level::Sum);
    Ok(Some(match (name, args) {
        ("and", [_, ..]) => infix(printer, " and ", args, Level::And, Level::Not)?,
        ("or", [_, ..]) => infix(printer, " or ", args, Level::Or, Level::And)?,
        ("not" | "empty", [Tree::Call(inner)]) if inner.name == "empty" && name == "not" => {
            printer.print(inner.args.first().unwrap_or(&Tree::Nil))?
        }
        ("not" | "empty", [Tree::Call(Call { name: inner, args, .. })])
            if inner == "eq" && args.len() == 2 && name == "not" =>
        {
            infix(printer, " != ", args, Level::Compare, Level::Sum)?
        }
        ("not" | "empty", [subject]) => {
            let subject = printer.print(subject)?.at(Level::Not);
            Text::new(format!("not {subject}"), Level::Not)
        }
        ("eq" | "ne", [subject, Tree::Nil] | [Tree::Nil, subject]) => {
            let subject = printer.print(subject)?.at(Level::Filter);
            let not = if name == "ne" { "not " } else { "" };
            Text::new(format!("{subject} is {not}none"), Level::Filter)
        }
        ("eq", [_, _]) => compare(" == ")?,
        ("eq", [subject, rest @ ..]) => {
            let subject = printer.print(subject)?.at(Level::Sum);
            Text::new(format!("{subject} in [{}]", printer.list(rest)?), Level::Compare)
        }
        ("ne", [_, _]) => compare(" != ")?,
        ("lt", [_, _]) => compare(" < ")?,
        ("le", [_, _]) => compare(" <= ")?,
        ("gt", [_, _]) => compare(" > ")?,
        ("ge", [_, _]) => compare(" >= ")?,
        ("add", [_, ..]) => infix(printer, " + ", args, Level::Sum, Level::Concat)?,
        ("add1", [one]) => infix(
            printer,
            " + ",
            &[one.clone(), Tree::Number("1".to_owned())],
            Level::Sum,
            Level::Concat,
        )?,
        ("sub", [_, _]) => infix(printer, " - ", args, Level::Sum, Level::Concat)?,
        ("mul", [_, _, ..]) => infix(printer, " * ", args, Level::Product, Level::Filter)?,
        ("div", [_, _]) => infix(printer, " // ", args, Level::Product, Level::Filter)?,
        ("mod", [_, _]) => infix(printer, " % ", args, Level::Product, Level::Filter)?,
        ("max" | "min", [_, _, ..]) => {
            Text::new(format!("[{}] | {name}", printer.list(args)?), Level::Filter)
        }
        ("ternary", [yes, no, condition]) => {
            let yes = printer.print(yes)?.at(Level::Or);
            let no = printer.print(no)?.at(Level::Or);
            let condition = printer.print(condition)?.at(Level::Or);
            Text::new(format!("{yes} if {condition} else {no}"), Level::Ternary)
        }
        _ => return Ok(None),
    }))
}

/// Writes a call of a function.
fn special(printer: Printer, call: &Call, name: &str) -> Result<Text> {
    let args = call.args.as_slice();
    let function = |name: &str, args: &[Tree]| -> Result<Text> {
        Ok(Text::new(format!("{name}({})", printer.list(args)?), Level::Atom))
    };
    Ok(match (name, args) {
        ("quote" | "squote", [inner]) => {
            let mark = Tree::Text(if name == "quote" { "\"" } else { "'" }.to_owned());
            concat(printer, &[mark.clone(), inner.clone(), mark])?
        }
        ("list" | "tuple", _) => Text::new(format!("[{}]", printer.list(args)?), Level::Atom),
        ("dict", _) if args.len().is_multiple_of(2) => {
            let pairs = args.chunks(2).map(|pair| {
                let key = printer.print(&pair[0])?.text;
                Ok(format!("{key}: {}", printer.print(&pair[1])?.text))
            });
            let pairs = pairs.collect::<Result<Vec<_>>>()?.join(", ");
            Text::new(format!("{{{pairs}}}"), Level::Atom)
        }
        ("include", [template]) => function("include", std::slice::from_ref(template))?,
        ("include" | "tpl", [first, data]) => {
            if data.is_root() {
                function(name, std::slice::from_ref(first))?
            } else {
                function(name, args)?
            }
        }
        ("lookup", _) => function("lookup", args)?,
        ("printf", _) if let Some(text) = printf(printer, call)? => text,
        ("print", [_]) => concat(printer, args)?,
        ("print", _) => {
            let is_text = |tree: &Tree| matches!(tree, Tree::Text(_));
            // Go puts a blank between two that are no texts.
            if !args.windows(2).all(|pair| pair.iter().any(is_text)) {
                return fault(call, "`print` of values of unknown kinds has no counterpart");
            }
            concat(printer, args)?
        }
        ("kindIs" | "typeIs", [Tree::Text(kind), subject]) if kind_test(kind).is_some() => {
            let subject = printer.print(subject)?.at(Level::Filter);
            Text::new(
                format!("{subject} is {}", kind_test(kind).unwrap_or_default()),
                Level::Filter,
            )
        }
        ("kindIs", [kind, subject]) => {
            let subject = printer.print(subject)?.at(Level::Filter);
            let kind = printer.print(kind)?.at(Level::Sum);
            Text::new(format!("{subject} | kind_of == {kind}"), Level::Compare)
        }
        ("indent", [width, subject]) => {
            filter(printer, subject, "indent", &[width.clone(), Tree::Bool(true)])?
        }
        ("nindent", [width, subject]) => {
            let text = filter(printer, subject, "indent", &[width.clone(), Tree::Bool(true)])?;
            Text::new(format!("{} ~ ({})", printer.literal("\n"), text.text), Level::Concat)
        }
        ("uniq", [subject]) => {
            let subject = printer.print(subject)?.at(Level::Filter);
            Text::new(format!("{subject} | unique(case_sensitive=true)"), Level::Filter)
        }
        ("round", [subject, digits]) => {
            filter(printer, subject, "round", std::slice::from_ref(digits))?
        }
        ("mergeOverwrite" | "merge", [first, rest @ ..]) => {
            let row = row(name).map_or("merge", |row| row.names[0]);
            filter(printer, first, row, rest)?
        }
        _ => {
            if let Some((_, own)) = OWN.iter().find(|(go, _)| *go == name)
                && let Some((subject, rest)) = args.split_last()
            {
                return filter(printer, subject, own, rest);
            }
            let Some(row) = row(name) else {
                return fault(call, format!("the function `{}` has no counterpart", call.name));
            };
            let jinja = row.names[0];
            let mut args = args.to_vec();
            if library::takes_subject_second(row.go) {
                if args.len() >= 2 {
                    args.swap(0, 1);
                }
            } else if row.subject == Subject::Last && args.len() > 1 {
                args.rotate_right(1);
            }
            match args.split_first() {
                Some((subject, rest)) if !PLAIN.contains(&name) => {
                    filter(printer, subject, jinja, rest)?
                }
                _ => function(jinja, &args)?,
            }
        }
    })
}
