//! Functions over text. Lengths and positions count bytes.

use super::argument::{any_arg, int_arg, str_arg};
use super::convert::{items_of, string_list, text_form};
use super::{Env, Failure, Function, Param, Result};
use crate::go::{Piece, pieces, push_quoted};
use crate::value::{List, ListType, Map, MapType, Str, Value, print_to};

const fn row(
    name: &'static str,
    params: &'static [Param],
    call: fn(&Env, &[Value]) -> Result,
) -> Function {
    Function { name, params, rest: None, call }
}

const fn variadic(name: &'static str, call: fn(&Env, &[Value]) -> Result) -> Function {
    Function { name, params: &[], rest: Some(Param::Any), call }
}

pub(super) const FUNCTIONS: &[Function] = &[
    row("abbrev", &[Param::Int, Param::Str], abbrev),
    row("abbrevboth", &[Param::Int, Param::Int, Param::Str], abbrevboth),
    variadic("cat", cat),
    row("contains", &[Param::Str, Param::Str], contains),
    row("hasPrefix", &[Param::Str, Param::Str], has_prefix),
    row("hasSuffix", &[Param::Str, Param::Str], has_suffix),
    row("hello", &[], hello),
    row("indent", &[Param::Int, Param::Str], indent),
    row("initials", &[Param::Str], initials),
    row("join", &[Param::Str, Param::Any], join),
    row("nindent", &[Param::Int, Param::Str], nindent),
    row("nospace", &[Param::Str], nospace),
    row("plural", &[Param::Str, Param::Str, Param::Int], plural),
    variadic("quote", quote),
    row("repeat", &[Param::Int, Param::Str], repeat),
    row("replace", &[Param::Str, Param::Str, Param::Str], replace),
    row("sortAlpha", &[Param::Any], sort_alpha),
    row("split", &[Param::Str, Param::Str], split),
    row("splitList", &[Param::Str, Param::Str], split_list),
    row("splitn", &[Param::Str, Param::Int, Param::Str], splitn),
    variadic("squote", squote),
    row("substr", &[Param::Int, Param::Int, Param::Str], substr),
    row("trim", &[Param::Str], trim),
    row("trimAll", &[Param::Str, Param::Str], trim_all),
    row("trimPrefix", &[Param::Str, Param::Str], trim_prefix),
    row("trimSuffix", &[Param::Str, Param::Str], trim_suffix),
    row("trimall", &[Param::Str, Param::Str], trim_all),
    row("trunc", &[Param::Int, Param::Str], trunc),
    row("wrap", &[Param::Int, Param::Str], wrap),
    row("wrapWith", &[Param::Int, Param::Str, Param::Str], wrap_with),
];

/// Returns the part of `text` that is left, without a copy when nothing was taken away.
fn part(text: &Str, part: &[u8]) -> Value {
    if part.len() == text.len() { Value::Str(text.clone()) } else { Value::str(part) }
}

fn hello(_: &Env, _: &[Value]) -> Result {
    Ok(Value::str("Hello!"))
}

/// Removes characters for which `drop` holds from both ends. Stray bytes are U+FFFD to `drop`.
fn trim_where(bytes: &[u8], drop: impl Fn(char) -> bool) -> &[u8] {
    if bytes.is_ascii() {
        let Some(start) = bytes.iter().position(|b| !drop(char::from(*b))) else { return &[] };
        let end = bytes.iter().rposition(|b| !drop(char::from(*b))).map_or(start, |i| i + 1);
        return &bytes[start..end];
    }
    let (mut start, mut end, mut at) = (None, 0, 0);
    for (piece, shown) in pieces(bytes) {
        let c = match piece {
            Piece::Char(c, _) => c,
            Piece::Bad(_) => char::REPLACEMENT_CHARACTER,
        };
        if !drop(c) {
            start = start.or(Some(at));
            end = at + shown.len();
        }
        at += shown.len();
    }
    start.map_or(&[], |start| &bytes[start..end])
}

fn trim(_: &Env, args: &[Value]) -> Result {
    let text = str_arg(args, 0);
    Ok(part(text, trim_where(text.as_bytes(), char::is_whitespace)))
}

fn trim_all(_: &Env, args: &[Value]) -> Result {
    let cut: Vec<char> = str_arg(args, 0).to_str_lossy().chars().collect();
    let text = str_arg(args, 1);
    Ok(part(text, trim_where(text.as_bytes(), |c| cut.contains(&c))))
}

fn trim_prefix(_: &Env, args: &[Value]) -> Result {
    let text = str_arg(args, 1);
    let bytes = text.as_bytes();
    Ok(part(text, bytes.strip_prefix(str_arg(args, 0).as_bytes()).unwrap_or(bytes)))
}

fn trim_suffix(_: &Env, args: &[Value]) -> Result {
    let text = str_arg(args, 1);
    let bytes = text.as_bytes();
    Ok(part(text, bytes.strip_suffix(str_arg(args, 0).as_bytes()).unwrap_or(bytes)))
}

fn has_prefix(_: &Env, args: &[Value]) -> Result {
    Ok(Value::Bool(str_arg(args, 1).as_bytes().starts_with(str_arg(args, 0).as_bytes())))
}

fn has_suffix(_: &Env, args: &[Value]) -> Result {
    Ok(Value::Bool(str_arg(args, 1).as_bytes().ends_with(str_arg(args, 0).as_bytes())))
}

fn contains(_: &Env, args: &[Value]) -> Result {
    let needle = str_arg(args, 0).as_bytes();
    Ok(Value::Bool(memchr::memmem::find(str_arg(args, 1).as_bytes(), needle).is_some()))
}

/// A byte taken as a Latin-1 character, as the library behind `nospace` and `initials` reads text.
fn is_latin1_space(byte: u8) -> bool {
    matches!(byte, b'\t'..=b'\r' | b' ' | 0x85 | 0xa0)
}

fn nospace(_: &Env, args: &[Value]) -> Result {
    let text = str_arg(args, 0);
    if !text.as_bytes().iter().any(|b| is_latin1_space(*b)) {
        return Ok(Value::Str(text.clone()));
    }
    let kept: String =
        text.as_bytes().iter().filter(|b| !is_latin1_space(**b)).map(|b| char::from(*b)).collect();
    Ok(Value::str(kept))
}

fn initials(_: &Env, args: &[Value]) -> Result {
    let mut gap = true;
    let mut out = String::new();
    for byte in str_arg(args, 0).as_bytes() {
        if is_latin1_space(*byte) {
            gap = true;
        } else if std::mem::take(&mut gap) {
            out.push(char::from(*byte));
        }
    }
    Ok(Value::str(out))
}

/// The longest text `repeat` and `indent` may make; beyond, Go gives up on memory too.
const LONGEST: usize = 128 << 20;

fn too_long() -> Failure {
    Failure::Message("strings: Repeat output length overflow".to_owned())
}

/// Refuses a text that has become longer than any may.
pub(super) fn check_length(text: &[u8]) -> std::result::Result<(), Failure> {
    if text.len() > LONGEST {
        return Err(Failure::Message(format!("a text of more than {LONGEST} bytes")));
    }
    Ok(())
}

fn repeat(_: &Env, args: &[Value]) -> Result {
    let Ok(count) = usize::try_from(int_arg(args, 0)) else {
        return Err("strings: negative Repeat count".into());
    };
    let text = str_arg(args, 1);
    match text.len().checked_mul(count) {
        Some(length) if length <= LONGEST => Ok(Value::str(text.as_bytes().repeat(count))),
        _ => Err(too_long()),
    }
}

/// Cuts `bytes[start..end]` with the errors of a Go slice expression.
fn slice(
    bytes: &[u8],
    start: Option<i64>,
    end: Option<i64>,
) -> std::result::Result<&[u8], Failure> {
    let length = bytes.len() as i64;
    let error =
        |text: String| Err(format!("runtime error: slice bounds out of range {text}").into());
    match (start, end) {
        (start, Some(end)) => {
            if end < 0 {
                return error(format!("[:{end}]"));
            }
            if end > length {
                return error(format!("[:{end}] with length {length}"));
            }
            let start = start.unwrap_or(0);
            if start > end {
                return error(format!("[{start}:{end}]"));
            }
            Ok(&bytes[start as usize..end as usize])
        }
        (Some(start), None) => {
            if start > length {
                return error(format!("[{start}:{length}]"));
            }
            Ok(&bytes[start as usize..])
        }
        (None, None) => Ok(bytes),
    }
}

fn substr(_: &Env, args: &[Value]) -> Result {
    let (start, end, text) = (int_arg(args, 0), int_arg(args, 1), str_arg(args, 2));
    let bytes = text.as_bytes();
    let cut = if start < 0 {
        slice(bytes, None, Some(end))?
    } else if end < 0 || end > bytes.len() as i64 {
        slice(bytes, Some(start), None)?
    } else {
        slice(bytes, Some(start), Some(end))?
    };
    Ok(part(text, cut))
}

fn trunc(_: &Env, args: &[Value]) -> Result {
    let (count, text) = (int_arg(args, 0), str_arg(args, 1));
    let bytes = text.as_bytes();
    let size = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    Ok(if size >= bytes.len() {
        Value::Str(text.clone())
    } else if count < 0 {
        Value::str(&bytes[bytes.len() - size..])
    } else {
        Value::str(&bytes[..size])
    })
}

/// Shortens `bytes` to `width` with `...` where text is left out, starting near `offset`.
fn abbreviate(bytes: &[u8], offset: usize, width: usize) -> Option<Vec<u8>> {
    if bytes.len() <= width {
        return None;
    }
    let mut offset = offset.min(bytes.len());
    if bytes.len() - offset <= width - 3 {
        offset = bytes.len() - (width - 3);
    }
    if offset <= 4 {
        return Some([&bytes[..width - 3], b"..."].concat());
    }
    let tail = if offset + width - 3 < bytes.len() {
        let rest = &bytes[offset..];
        abbreviate(rest, 0, width - 3).unwrap_or_else(|| rest.to_vec())
    } else {
        bytes[bytes.len() - (width - 3)..].to_vec()
    };
    Some([b"...".as_slice(), &tail].concat())
}

fn abbreviated(offset: i64, width: i64, text: &Str) -> Result {
    if width < 4 || offset > 0 && width < 7 {
        return Ok(Value::Str(text.clone()));
    }
    let offset = usize::try_from(offset).unwrap_or(0);
    let width = usize::try_from(width).unwrap_or(usize::MAX);
    Ok(abbreviate(text.as_bytes(), offset, width)
        .map_or_else(|| Value::Str(text.clone()), Value::str))
}

fn abbrev(_: &Env, args: &[Value]) -> Result {
    abbreviated(0, int_arg(args, 0), str_arg(args, 1))
}

fn abbrevboth(_: &Env, args: &[Value]) -> Result {
    abbreviated(int_arg(args, 0), int_arg(args, 1), str_arg(args, 2))
}

/// Breaks `bytes` at spaces so that lines have at most `width` bytes; a longer word stays whole
/// unless `break_words` is set.
fn wrapped(bytes: &[u8], width: i64, separator: &[u8], break_words: bool) -> Vec<u8> {
    let width = usize::try_from(width).unwrap_or(0).max(1);
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / width.min(64) + 8);
    let mut rest = bytes;
    while rest.len() > width {
        if rest[0] == b' ' {
            rest = &rest[1..];
            continue;
        }
        let cut = memchr::memrchr(b' ', &rest[..=width]);
        let cut = match cut {
            None if break_words => {
                out.extend_from_slice(&rest[..width]);
                out.extend_from_slice(separator);
                rest = &rest[width..];
                continue;
            }
            None => memchr::memchr(b' ', &rest[width..]).map(|i| i + width),
            some => some,
        };
        let Some(cut) = cut else { break };
        out.extend_from_slice(&rest[..cut]);
        out.extend_from_slice(separator);
        rest = &rest[cut + 1..];
    }
    out.extend_from_slice(rest);
    out
}

fn wrap(_: &Env, args: &[Value]) -> Result {
    Ok(Value::str(wrapped(str_arg(args, 1).as_bytes(), int_arg(args, 0), b"\n", false)))
}

fn wrap_with(_: &Env, args: &[Value]) -> Result {
    let separator = match str_arg(args, 1).as_bytes() {
        b"" => b"\n",
        separator => separator,
    };
    Ok(Value::str(wrapped(str_arg(args, 2).as_bytes(), int_arg(args, 0), separator, true)))
}

fn replace(_: &Env, args: &[Value]) -> Result {
    let (old, new, text) =
        (str_arg(args, 0).as_bytes(), str_arg(args, 1).as_bytes(), str_arg(args, 2));
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    if old.is_empty() {
        out.extend_from_slice(new);
        for (_, shown) in pieces(bytes) {
            out.extend_from_slice(shown);
            out.extend_from_slice(new);
            check_length(&out)?;
        }
        return Ok(Value::str(out));
    }
    let mut copied = 0;
    for at in memchr::memmem::find_iter(bytes, old) {
        check_length(&out)?;
        if copied == 0 {
            out.reserve(bytes.len() + new.len());
        }
        out.extend_from_slice(&bytes[copied..at]);
        out.extend_from_slice(new);
        copied = at + old.len();
    }
    if copied == 0 {
        return Ok(Value::Str(text.clone()));
    }
    out.extend_from_slice(&bytes[copied..]);
    Ok(Value::str(out))
}

/// Joins what `push` writes for every value but nil with single spaces.
fn spaced(args: &[Value], push: impl Fn(&mut Vec<u8>, &Value)) -> Vec<u8> {
    let mut out = Vec::new();
    for (i, arg) in args.iter().filter(|arg| !arg.is_nil()).enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        push(&mut out, arg);
    }
    out
}

fn cat(_: &Env, args: &[Value]) -> Result {
    Ok(Value::str(spaced(args, print_to)))
}

fn quote(_: &Env, args: &[Value]) -> Result {
    Ok(Value::str(spaced(args, |out, arg| push_quoted(out, text_form(arg).as_bytes(), false))))
}

fn squote(_: &Env, args: &[Value]) -> Result {
    Ok(Value::str(spaced(args, |out, arg| {
        out.push(b'\'');
        print_to(out, arg);
        out.push(b'\'');
    })))
}

/// Appends `text` with `pad` spaces before every line.
fn push_indented(out: &mut Vec<u8>, pad: usize, text: &[u8]) {
    let lines = memchr::memchr_iter(b'\n', text).count() + 1;
    out.reserve(text.len() + lines * pad);
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', text) {
        out.resize(out.len() + pad, b' ');
        out.extend_from_slice(&text[start..=end]);
        start = end + 1;
    }
    out.resize(out.len() + pad, b' ');
    out.extend_from_slice(&text[start..]);
}

fn indented(args: &[Value], prefix: &[u8]) -> Result {
    let Ok(pad) = usize::try_from(int_arg(args, 0)) else {
        return Err("strings: negative Repeat count".into());
    };
    let text = str_arg(args, 1).as_bytes();
    let lines = memchr::memchr_iter(b'\n', text).count() + 1;
    if lines.checked_mul(pad).is_none_or(|added| added > LONGEST) {
        return Err(too_long());
    }
    let mut out = Vec::with_capacity(prefix.len() + text.len() + lines * pad);
    out.extend_from_slice(prefix);
    push_indented(&mut out, pad, text);
    Ok(Value::str(out))
}

fn indent(_: &Env, args: &[Value]) -> Result {
    indented(args, b"")
}

fn nindent(_: &Env, args: &[Value]) -> Result {
    indented(args, b"\n")
}

fn plural(_: &Env, args: &[Value]) -> Result {
    let form = usize::from(int_arg(args, 2) != 1);
    Ok(Value::Str(str_arg(args, form).clone()))
}

/// Splits as Go's `strings.SplitN`: `None` for all parts; an empty separator splits characters.
fn split_parts<'t>(bytes: &'t [u8], separator: &[u8], limit: Option<usize>) -> Vec<&'t [u8]> {
    let limit = limit.unwrap_or(usize::MAX);
    if limit == 0 {
        return Vec::new();
    }
    let mut parts = Vec::new();
    let mut start = 0;
    if separator.is_empty() {
        for (_, shown) in pieces(bytes) {
            if parts.len() + 1 == limit {
                break;
            }
            parts.push(shown);
            start += shown.len();
        }
        if start < bytes.len() {
            parts.push(&bytes[start..]);
        }
        return parts;
    }
    for at in memchr::memmem::find_iter(bytes, separator) {
        if parts.len() + 1 == limit {
            break;
        }
        parts.push(&bytes[start..at]);
        start = at + separator.len();
    }
    parts.push(&bytes[start..]);
    parts
}

fn numbered(parts: &[&[u8]]) -> Value {
    let entries =
        parts.iter().enumerate().map(|(i, part)| (Str::from(format!("_{i}")), Value::str(*part)));
    Value::Map(Map::open(MapType::Strings, entries.collect()))
}

fn split(_: &Env, args: &[Value]) -> Result {
    Ok(numbered(&split_parts(str_arg(args, 1).as_bytes(), str_arg(args, 0).as_bytes(), None)))
}

fn splitn(_: &Env, args: &[Value]) -> Result {
    let limit = usize::try_from(int_arg(args, 1)).ok();
    Ok(numbered(&split_parts(str_arg(args, 2).as_bytes(), str_arg(args, 0).as_bytes(), limit)))
}

fn split_list(_: &Env, args: &[Value]) -> Result {
    let parts = split_parts(str_arg(args, 1).as_bytes(), str_arg(args, 0).as_bytes(), None);
    Ok(Value::List(List::strings(parts)))
}

fn join(_: &Env, args: &[Value]) -> Result {
    let separator = str_arg(args, 0).as_bytes();
    let value = any_arg(args, 1);
    let Some(items) = items_of(value) else {
        return Ok(if value.is_nil() { Value::str("") } else { Value::Str(text_form(value)) });
    };
    let mut out = Vec::new();
    for (i, item) in items.iter().filter(|item| !item.is_nil()).enumerate() {
        check_length(&out)?;
        if i > 0 {
            out.extend_from_slice(separator);
        }
        match item {
            Value::Str(text) | Value::Bytes(text) => out.extend_from_slice(text.as_bytes()),
            _ => print_to(&mut out, item),
        }
    }
    Ok(Value::str(out))
}

/// Sorts strings by bytes. A `[]string` is sorted in place, seen by all its aliases.
fn sort_alpha(_: &Env, args: &[Value]) -> Result {
    let value = any_arg(args, 0);
    if items_of(value).is_none() {
        return Ok(Value::List(List::strings([text_form(value)])));
    }
    let list = string_list(value);
    let mut items = list.items().to_vec();
    items.sort_by(|a, b| a.as_string().cmp(&b.as_string()));
    if list.list_type() == ListType::Strings {
        list.replace_strings(items);
    }
    Ok(Value::List(list))
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;

    #[test]
    fn answers_as_helm() {
        check(&[
            (
                r#"{{ trunc 3 "hello" }} {{ trunc -3 "hello" }} {{ trunc 9 "hello" }} {{ trunc 0 "hello" }}|"#,
                "hel llo hello |",
            ),
            (
                r#"{{ abbrev 5 "hello world" }} {{ abbrev 3 "hello" }} {{ abbrevboth 5 10 "1234 5678 9123 4567 8910" }}"#,
                "he... hello ...5678...",
            ),
            (
                r#"{{ substr 1 3 "hello" }} {{ substr -1 2 "hello" }} {{ substr 2 -1 "hello" }} {{ substr 2 99 "hello" }}"#,
                "el he llo llo",
            ),
            (
                r#"{{ substr 6 5 "abcdef" }}"#,
                "error: substr: runtime error: slice bounds out of range [6:5]",
            ),
            (
                r#"{{ substr 9 -1 "abc" }}"#,
                "error: substr: runtime error: slice bounds out of range [9:3]",
            ),
            (
                r#"{{ substr -1 9 "abc" }}"#,
                "error: substr: runtime error: slice bounds out of range [:9] with length 3",
            ),
            (
                r#"{{ wrap 5 "hello world and verylongword x" }}"#,
                "hello\nworld\nand\nverylongword\nx",
            ),
            (r#"{{ wrapWith 5 "|" "hello verylongword x" }}"#, "hello|veryl|ongwo|rd x"),
            (r#"{{ indent 2 "a\n\nb" }}|{{ nindent 2 "" }}|"#, "  a\n  \n  b|\n  |"),
            (r#"{{ indent -1 "a" }}"#, "error: indent: strings: negative Repeat count"),
            (r#"{{ repeat 3 "ab" }} {{ repeat 0 "x" }}|"#, "ababab |"),
            (r#"{{ repeat -1 "x" }}"#, "error: repeat: strings: negative Repeat count"),
            (
                r#"{{ trim " \u00a0a\n " }}|{{ trimAll "xy" "xyaxy" }}|{{ trimPrefix "a" "aab" }}|{{ trimSuffix "b" "abb" }}"#,
                "a|a|ab|ab",
            ),
            (r#"{{ nospace "a b é" }} {{ initials "hello big é-x" }}"#, "abÃ© hbÃ"),
            (
                r#"{{ replace "" "-" "aé" }} {{ replace "l" "L" "hello" }} {{ contains "ell" "hello" }} {{ hasPrefix "he" "hello" }} {{ hasSuffix "x" "hello" }}"#,
                "-a-é- heLLo true true false",
            ),
            (
                r#"{{ quote "a\"b\u00a0" 1 nil 1.5 }} {{ squote "it's" nil 2 }} {{ cat 1 nil " x " }}"#,
                r#""a\"b\u00a0" "1" "1.5" 'it's' '2' 1  x "#,
            ),
            (
                r#"{{ split "," "a,b" }} {{ splitn "," 2 "a,b,c" }} {{ splitn "," 0 "a" }} {{ splitList "" "aé" }} {{ splitList "," "" | len }}"#,
                "map[_0:a _1:b] map[_0:a _1:b,c] map[] [a é] 1",
            ),
            (
                r#"{{ join "-" (list 1 nil "a") }} {{ join "," "x" }} {{ join "," nil }}|{{ plural "one" "many" 1 }} {{ plural "one" "many" 2 }} {{ hello }}"#,
                "1-a x |one many Hello!",
            ),
            (
                r#"{{ $l := splitList "," "b,a" }}{{ $s := sortAlpha $l }}{{ $l }} {{ sortAlpha (list 2 10 nil) }} {{ sortAlpha "x" }}"#,
                "[a b] [10 2] [x]",
            ),
        ]);
    }
}
