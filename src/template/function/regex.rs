//! Regular expressions: RE2's syntax, leftmost-first matches, Go's rules for empty matches.

use std::borrow::Cow;
use std::rc::Rc;

use super::argument::{int_arg, str_arg};
use super::string::check_length;
use super::{Env, Failure, Function, Param, Result};
use crate::go::Pattern;
use crate::go::{Piece, can_backquote, next_piece, pieces, push_quoted};
use crate::value::{List, ListType, Str, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "regexMatch",
        params: &[Param::Str, Param::Str],
        rest: None,
        call: |env, args| Ok(Value::Bool(matches(env, args).unwrap_or(false))),
    },
    Function {
        name: "mustRegexMatch",
        params: &[Param::Str, Param::Str],
        rest: None,
        call: |env, args| Ok(Value::Bool(matches(env, args)?)),
    },
    Function {
        name: "regexFind",
        params: &[Param::Str, Param::Str],
        rest: None,
        call: |env, args| find(&*compile_or_panic(env, args)?, args),
    },
    Function {
        name: "mustRegexFind",
        params: &[Param::Str, Param::Str],
        rest: None,
        call: |env, args| find(&*compile(env, args)?, args),
    },
    Function {
        name: "regexFindAll",
        params: &[Param::Str, Param::Str, Param::Int],
        rest: None,
        call: |env, args| find_all(&*compile_or_panic(env, args)?, args),
    },
    Function {
        name: "mustRegexFindAll",
        params: &[Param::Str, Param::Str, Param::Int],
        rest: None,
        call: |env, args| find_all(&*compile(env, args)?, args),
    },
    Function {
        name: "regexReplaceAll",
        params: &[Param::Str, Param::Str, Param::Str],
        rest: None,
        call: |env, args| replace_all(&*compile_or_panic(env, args)?, args, Replacement::Template),
    },
    Function {
        name: "mustRegexReplaceAll",
        params: &[Param::Str, Param::Str, Param::Str],
        rest: None,
        call: |env, args| replace_all(&*compile(env, args)?, args, Replacement::Template),
    },
    Function {
        name: "regexReplaceAllLiteral",
        params: &[Param::Str, Param::Str, Param::Str],
        rest: None,
        call: |env, args| replace_all(&*compile_or_panic(env, args)?, args, Replacement::Literal),
    },
    Function {
        name: "mustRegexReplaceAllLiteral",
        params: &[Param::Str, Param::Str, Param::Str],
        rest: None,
        call: |env, args| replace_all(&*compile(env, args)?, args, Replacement::Literal),
    },
    Function {
        name: "regexSplit",
        params: &[Param::Str, Param::Str, Param::Int],
        rest: None,
        call: |env, args| split(&*compile_or_panic(env, args)?, args),
    },
    Function {
        name: "mustRegexSplit",
        params: &[Param::Str, Param::Str, Param::Int],
        rest: None,
        call: |env, args| split(&*compile(env, args)?, args),
    },
    Function {
        name: "regexQuoteMeta",
        params: &[Param::Str],
        rest: None,
        call: |_, args| Ok(quote_meta(str_arg(args, 0))),
    },
];

#[derive(Clone, Copy)]
enum Replacement {
    /// With `$1` and `${name}`.
    Template,
    Literal,
}

/// How many compiled expressions are kept; each may take a few MiB.
const MAX_KNOWN: usize = 128;

/// Compiles the first argument, once per render unless there are very many.
fn compile(env: &Env, args: &[Value]) -> std::result::Result<Rc<Pattern>, Failure> {
    let source = str_arg(args, 0).as_bytes();
    if let Some(known) = env.regexes.borrow().get(source) {
        return known.clone().map_err(Failure::Message);
    }
    let compiled = Pattern::compile(source).map(Rc::new);
    let mut known = env.regexes.borrow_mut();
    if known.len() == MAX_KNOWN {
        known.clear();
    }
    known.insert(source.to_vec(), compiled.clone());
    compiled.map_err(Failure::Message)
}

/// Like [`compile`], with the message of Go's `regexp.MustCompile`.
fn compile_or_panic(env: &Env, args: &[Value]) -> std::result::Result<Rc<Pattern>, Failure> {
    compile(env, args).map_err(|failure| match failure {
        Failure::Message(message) => {
            let source = str_arg(args, 0).as_bytes();
            let mut quoted = Vec::new();
            if can_backquote(source) {
                quoted.push(b'`');
                quoted.extend_from_slice(source);
                quoted.push(b'`');
            } else {
                push_quoted(&mut quoted, source, false);
            }
            let quoted = String::from_utf8_lossy(&quoted).into_owned();
            Failure::Message(format!("regexp: Compile({quoted}): {message}"))
        }
        other => other,
    })
}

/// A subject as text: each stray byte is read as U+FFFD, as Go reads it.
struct Subject<'a> {
    bytes: &'a [u8],
    text: Cow<'a, str>,
    /// For each stray byte its offset in `text`; empty for UTF-8.
    strays: Vec<usize>,
}

impl<'a> Subject<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        if let Ok(text) = std::str::from_utf8(bytes) {
            return Subject { bytes, text: Cow::Borrowed(text), strays: Vec::new() };
        }
        let mut text = String::with_capacity(bytes.len() + 16);
        let mut strays = Vec::new();
        for (piece, _) in pieces(bytes) {
            match piece {
                Piece::Char(c, _) => text.push(c),
                Piece::Bad(_) => {
                    strays.push(text.len());
                    text.push(char::REPLACEMENT_CHARACTER);
                }
            }
        }
        Subject { bytes, text: Cow::Owned(text), strays }
    }

    /// Turns an offset in `text` into one in `bytes`: each stray byte takes 3 bytes there.
    fn offset(&self, at: usize) -> usize {
        at - 2 * self.strays.partition_point(|stray| *stray < at)
    }

    fn slice(&self, start: usize, end: usize) -> &'a [u8] {
        &self.bytes[self.offset(start)..self.offset(end)]
    }
}

/// Takes `n` as Go does: negative is all.
fn limit(n: i64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

fn matches(env: &Env, args: &[Value]) -> std::result::Result<bool, Failure> {
    let pattern = compile(env, args)?;
    Ok(pattern.regex.is_match(&Subject::new(str_arg(args, 1).as_bytes()).text))
}

fn find(pattern: &Pattern, args: &[Value]) -> Result {
    let subject = Subject::new(str_arg(args, 1).as_bytes());
    let found = pattern.regex.find(&subject.text).map(|m| subject.slice(m.start(), m.end()));
    Ok(Value::str(found.unwrap_or_default()))
}

fn find_all(pattern: &Pattern, args: &[Value]) -> Result {
    let subject = Subject::new(str_arg(args, 1).as_bytes());
    let found: Vec<Str> = pattern
        .regex
        .find_iter(&subject.text)
        .take(limit(int_arg(args, 2)))
        .map(|m| Str::from(subject.slice(m.start(), m.end())))
        .collect();
    Ok(Value::List(if found.is_empty() {
        List::nil(ListType::Strings)
    } else {
        List::strings(found)
    }))
}

fn split(pattern: &Pattern, args: &[Value]) -> Result {
    let subject = Subject::new(str_arg(args, 1).as_bytes());
    let limit = limit(int_arg(args, 2));
    if limit == 0 {
        return Ok(Value::List(List::nil(ListType::Strings)));
    }
    if subject.bytes.is_empty() && !pattern.is_empty {
        return Ok(Value::List(List::strings([Str::default()])));
    }
    let mut parts: Vec<Str> = Vec::new();
    let (mut start, mut end) = (0, 0);
    for m in pattern.regex.find_iter(&subject.text).take(limit) {
        if parts.len() + 1 == limit {
            break;
        }
        end = m.start();
        if m.end() != 0 {
            parts.push(subject.slice(start, end).into());
        }
        start = m.end();
    }
    if end != subject.text.len() {
        parts.push(subject.slice(start, subject.text.len()).into());
    }
    Ok(Value::List(List::strings(parts)))
}

fn replace_all(pattern: &Pattern, args: &[Value], kind: Replacement) -> Result {
    let source = str_arg(args, 1);
    let subject = Subject::new(source.as_bytes());
    let replacement = str_arg(args, 2).as_bytes();
    let mut out = Vec::with_capacity(source.len() + replacement.len());
    let mut done = 0;
    let mut replaced = false;
    for groups in pattern.regex.captures_iter(&subject.text) {
        let Some(whole) = groups.get(0) else { continue };
        check_length(&out)?;
        replaced = true;
        out.extend_from_slice(subject.slice(done, whole.start()));
        match kind {
            Replacement::Literal => out.extend_from_slice(replacement),
            Replacement::Template => {
                expand(&mut out, replacement, |name| {
                    group_index(pattern, name, &groups)
                        .and_then(|i| groups.get(i))
                        .map_or(&[][..], |m| subject.slice(m.start(), m.end()))
                });
            }
        }
        done = whole.end();
    }
    if !replaced {
        return Ok(Value::Str(source.clone()));
    }
    out.extend_from_slice(subject.slice(done, subject.text.len()));
    Ok(Value::str(out))
}

/// Finds the group that `name` means: a number, or of the groups of that name the first that
/// took part in the match.
fn group_index(pattern: &Pattern, name: &str, groups: &regex::Captures<'_>) -> Option<usize> {
    if name.bytes().all(|b| b.is_ascii_digit()) && (name.len() == 1 || !name.starts_with('0')) {
        return name.parse().ok();
    }
    let named = |(i, own): (usize, &String)| (own == name && groups.get(i).is_some()).then_some(i);
    pattern.names.iter().enumerate().find_map(named)
}

/// Appends `template` with `$name` and `${name}` replaced by groups and `$$` by `$`; a `$` that
/// begins neither stays.
fn expand<'a>(out: &mut Vec<u8>, template: &[u8], group: impl Fn(&str) -> &'a [u8]) {
    let mut rest = template;
    while let Some(at) = rest.iter().position(|b| *b == b'$') {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at + 1..];
        if rest.first() == Some(&b'$') {
            out.push(b'$');
            rest = &rest[1..];
        } else if let Some((name, length)) = scan_name(rest) {
            out.extend_from_slice(group(name));
            rest = &rest[length..];
        } else {
            out.push(b'$');
        }
    }
    out.extend_from_slice(rest);
}

/// Reads the name after a `$`, in braces or not, and returns how many bytes it takes with them.
fn scan_name(text: &[u8]) -> Option<(&str, usize)> {
    let start = usize::from(text.first() == Some(&b'{'));
    let mut end = start;
    while let Some(Piece::Char(c, length)) = next_piece(&text[end..]) {
        if !c.is_alphabetic() && !c.is_numeric() && c != '_' {
            break;
        }
        end += length;
    }
    if end == start || start == 1 && text.get(end) != Some(&b'}') {
        return None;
    }
    Some((std::str::from_utf8(&text[start..end]).ok()?, end + start))
}

fn quote_meta(text: &Str) -> Value {
    let mut out = Vec::with_capacity(text.len() + 8);
    for &byte in text.as_bytes() {
        if b"\\.+*?()|[]{}^$".contains(&byte) {
            out.push(b'\\');
        }
        out.push(byte);
    }
    Value::str(out)
}
