//! Go's `fmt`: `Sprintf` with all verbs and flags, `Sprint` and `Sprintln` over [`Value`]s.

use std::io::Write as _;

use super::argument::str_arg;
use super::{Env, Function, Param, Result};
use crate::go::{
    Piece, can_backquote, is_print, next_piece, pieces, push_quoted, push_quoted_rune, rune_count,
};
use crate::value::{Kind, Object, Str, Value, format_float, print_to};

pub(super) const FUNCTIONS: &[Function] = &[
    Function { name: "print", params: &[], rest: Some(Param::Any), call: print },
    Function { name: "printf", params: &[Param::Str], rest: Some(Param::Any), call: printf },
    Function { name: "println", params: &[], rest: Some(Param::Any), call: println },
];

fn print(_: &Env, args: &[Value]) -> Result {
    if let [Value::Str(text)] = args {
        return Ok(Value::Str(text.clone()));
    }
    Ok(Value::str(sprint(args)))
}

fn println(_: &Env, args: &[Value]) -> Result {
    Ok(Value::str(sprintln(args)))
}

fn printf(_: &Env, args: &[Value]) -> Result {
    Ok(Value::str(sprintf(str_arg(args, 0).as_bytes(), args.get(1..).unwrap_or_default())))
}

/// Prints the operands with a space between two that are both no strings, as Go's `fmt.Sprint`.
#[must_use]
pub fn sprint(args: &[Value]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut after_string = true;
    for arg in args {
        let is_string = matches!(arg, Value::Str(_));
        if !after_string && !is_string {
            out.push(b' ');
        }
        print_to(&mut out, arg);
        after_string = is_string;
    }
    out
}

/// Prints the operands with spaces between and a line feed after them, as Go's `fmt.Sprintln`.
#[must_use]
pub fn sprintln(args: &[Value]) -> Vec<u8> {
    let mut out = Vec::new();
    for (i, arg) in args.iter().enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        print_to(&mut out, arg);
    }
    out.push(b'\n');
    out
}

/// Formats as Go's `fmt.Sprintf`; mistakes in the format show up in the text, as in Go.
#[must_use]
pub fn sprintf(format: &[u8], args: &[Value]) -> Vec<u8> {
    let mut printer = Printer {
        out: Vec::with_capacity(format.len() + 16 * args.len()),
        flags: Flags::default(),
        erroring: false,
    };
    printer.format(format, args);
    printer.out
}

/// Numbers in formats beyond this are refused, as Go does.
const TOO_LARGE: i64 = 1_000_000;

#[derive(Clone, Copy, Default)]
struct Flags {
    minus: bool,
    plus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    /// `%+v`
    plus_v: bool,
    /// `%#v`
    sharp_v: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

struct Printer {
    out: Vec<u8>,
    flags: Flags,
    /// Set while an error form is printed: `String` methods are not used then.
    erroring: bool,
}

/// The position in the arguments while a format is read.
struct Cursor<'a> {
    format: &'a [u8],
    at: usize,
    count: usize,
    arg: usize,
    reordered: bool,
    good: bool,
}

impl Cursor<'_> {
    /// Reads decimal digits up to `end`.
    fn number(&mut self, end: usize) -> Option<usize> {
        let mut number = None;
        while self.at < end && self.format[self.at].is_ascii_digit() {
            let value = number.unwrap_or(0);
            if value > TOO_LARGE {
                self.at = end;
                return None;
            }
            number = Some(value * 10 + i64::from(self.format[self.at] - b'0'));
            self.at += 1;
        }
        number.map(|n| n as usize)
    }

    /// Reads an explicit argument index (`[3]`); returns whether there was a readable one.
    fn index(&mut self) -> bool {
        if self.format.get(self.at) != Some(&b'[') {
            return false;
        }
        self.reordered = true;
        let rest = &self.format[self.at..];
        let close = if rest.len() < 3 { None } else { memchr::memchr(b']', rest) };
        let Some(close) = close else {
            self.at += 1;
            self.good = false;
            return false;
        };
        let end = self.at + close;
        self.at += 1;
        let number = self.number(end);
        let complete = self.at == end;
        self.at = end + 1;
        match number {
            Some(n) if complete => {
                if (1..=self.count).contains(&n) {
                    self.arg = n - 1;
                } else {
                    self.good = false;
                }
                true
            }
            _ => {
                self.good = false;
                false
            }
        }
    }

    /// Takes the next argument as a width or precision (`*`).
    fn star(&mut self, args: &[Value]) -> Option<i64> {
        let value = args.get(self.arg)?;
        self.arg += 1;
        let number = match value {
            Value::Int(n) | Value::Int64(n) | Value::Duration(n) => *n,
            Value::Uint8(n) => i64::from(*n),
            Value::Uint64(n) => i64::try_from(*n).ok()?,
            _ => return None,
        };
        (-TOO_LARGE..=TOO_LARGE).contains(&number).then_some(number)
    }
}

impl Printer {
    fn format(&mut self, format: &[u8], args: &[Value]) {
        let end = format.len();
        let mut cursor =
            Cursor { format, at: 0, count: args.len(), arg: 0, reordered: false, good: true };
        loop {
            cursor.good = true;
            let rest = &format[cursor.at..];
            let run = memchr::memchr(b'%', rest).unwrap_or(rest.len());
            self.out.extend_from_slice(&rest[..run]);
            cursor.at += run;
            if cursor.at >= end {
                break;
            }
            cursor.at += 1;
            self.flags = Flags::default();
            while let Some(c) = format.get(cursor.at) {
                match c {
                    b'#' => self.flags.sharp = true,
                    b'0' => self.flags.zero = true,
                    b'+' => self.flags.plus = true,
                    b'-' => self.flags.minus = true,
                    b' ' => self.flags.space = true,
                    _ => break,
                }
                cursor.at += 1;
            }
            let mut after_index = cursor.index();
            if format.get(cursor.at) == Some(&b'*') {
                cursor.at += 1;
                match cursor.star(args) {
                    Some(width) => {
                        self.flags.width = Some(width.unsigned_abs() as usize);
                        if width < 0 {
                            self.flags.minus = true;
                            self.flags.zero = false;
                        }
                    }
                    None => self.out.extend_from_slice(b"%!(BADWIDTH)"),
                }
                after_index = false;
            } else {
                self.flags.width = cursor.number(end);
                if after_index && self.flags.width.is_some() {
                    cursor.good = false;
                }
            }
            if format.get(cursor.at) == Some(&b'.') {
                cursor.at += 1;
                if after_index {
                    cursor.good = false;
                }
                after_index = cursor.index();
                if format.get(cursor.at) == Some(&b'*') {
                    cursor.at += 1;
                    match cursor.star(args) {
                        Some(precision) if precision >= 0 => {
                            self.flags.precision = Some(precision as usize);
                        }
                        _ => self.out.extend_from_slice(b"%!(BADPREC)"),
                    }
                    after_index = false;
                } else {
                    self.flags.precision = Some(cursor.number(end).unwrap_or(0));
                }
            }
            if !after_index {
                cursor.index();
            }
            let Some(piece) = next_piece(&format[cursor.at.min(end)..]) else {
                self.out.extend_from_slice(b"%!(NOVERB)");
                break;
            };
            let verb = match piece {
                Piece::Char(c, length) => {
                    cursor.at += length;
                    c
                }
                Piece::Bad(_) => {
                    cursor.at += 1;
                    char::REPLACEMENT_CHARACTER
                }
            };
            if verb == '%' {
                self.out.push(b'%');
            } else if !cursor.good {
                self.error_form(verb, b"(BADINDEX)");
            } else if let Some(arg) = args.get(cursor.arg) {
                if verb == 'v' {
                    self.flags.sharp_v = std::mem::take(&mut self.flags.sharp);
                    self.flags.plus_v = std::mem::take(&mut self.flags.plus);
                }
                self.value(arg, verb, true);
                cursor.arg += 1;
            } else {
                self.error_form(verb, b"(MISSING)");
            }
        }
        if !cursor.reordered && cursor.arg < args.len() {
            self.flags = Flags::default();
            self.out.extend_from_slice(b"%!(EXTRA ");
            for (i, arg) in args[cursor.arg..].iter().enumerate() {
                if i > 0 {
                    self.out.extend_from_slice(b", ");
                }
                if arg.is_nil() {
                    self.out.extend_from_slice(b"<nil>");
                } else {
                    self.out.extend_from_slice(arg.type_name().as_bytes());
                    self.out.push(b'=');
                    self.value(arg, 'v', true);
                }
            }
            self.out.push(b')');
        }
    }

    fn error_form(&mut self, verb: char, what: &[u8]) {
        self.out.extend_from_slice(b"%!");
        self.push_char(verb);
        self.out.extend_from_slice(what);
    }

    fn push_char(&mut self, c: char) {
        self.out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }

    fn bad_verb(&mut self, value: &Value, verb: char) {
        self.erroring = true;
        self.error_form(verb, b"(");
        if value.is_nil() {
            self.out.extend_from_slice(b"<nil>");
        } else {
            self.out.extend_from_slice(value.type_name().as_bytes());
            self.out.push(b'=');
            self.value(value, 'v', true);
        }
        self.out.push(b')');
        self.erroring = false;
    }

    fn pad(&mut self, text: &[u8]) {
        let width = self.flags.width.unwrap_or(0);
        if width == 0 {
            self.out.extend_from_slice(text);
            return;
        }
        let missing = width.saturating_sub(rune_count(text));
        if self.flags.minus {
            self.out.extend_from_slice(text);
            self.padding(missing);
        } else {
            self.padding(missing);
            self.out.extend_from_slice(text);
        }
    }

    fn padding(&mut self, count: usize) {
        let byte = if self.flags.zero && !self.flags.minus { b'0' } else { b' ' };
        self.out.extend(std::iter::repeat_n(byte, count));
    }

    /// Pads with spaces whatever the `0` flag says.
    fn pad_blank(&mut self, text: &[u8]) {
        let zero = std::mem::take(&mut self.flags.zero);
        self.pad(text);
        self.flags.zero = zero;
    }

    /// Prints one value; `top` tells an operand from an element.
    fn value(&mut self, value: &Value, verb: char, top: bool) {
        match (verb, value) {
            ('v' | 'T', Value::Nil | Value::Absent) if top => return self.pad(b"<nil>"),
            ('T', _) if top => return self.string(value.type_name().as_bytes(), 's', value),
            ('p', _) if top => return self.bad_verb(value, verb),
            _ => {}
        }
        match value {
            Value::Nil | Value::Absent if top => self.bad_verb(value, verb),
            Value::Nil | Value::Absent if self.flags.sharp_v => {
                self.out.extend_from_slice(b"interface {}(nil)");
            }
            Value::Nil | Value::Absent => self.out.extend_from_slice(b"<nil>"),
            Value::Bool(b) => match verb {
                't' | 'v' => self.pad(if *b { b"true" } else { b"false" }),
                _ => self.bad_verb(value, verb),
            },
            Value::Int(n) | Value::Int64(n) => {
                self.integer(n.unsigned_abs(), *n < 0, true, verb, value);
            }
            Value::Uint8(n) => self.integer(u64::from(*n), false, false, verb, value),
            Value::Uint64(n) => self.integer(*n, false, false, verb, value),
            Value::Float(x) => self.float(*x, verb, value),
            Value::Str(text) => self.string(text.as_bytes(), verb, value),
            Value::Bytes(bytes) => self.bytes(bytes.as_bytes(), verb, value, top),
            Value::List(list) => {
                if self.flags.sharp_v {
                    self.out.extend_from_slice(value.type_name().as_bytes());
                    if list.is_nil() {
                        self.out.extend_from_slice(b"(nil)");
                        return;
                    }
                }
                self.sequence(b"", list.items().iter(), |printer, item| {
                    printer.value(item, verb, false);
                });
            }
            Value::Map(map) => {
                if self.flags.sharp_v {
                    self.out.extend_from_slice(value.type_name().as_bytes());
                    if map.is_nil() {
                        self.out.extend_from_slice(b"(nil)");
                        return;
                    }
                }
                self.sequence(b"map", map.entries().iter(), |printer, (key, item)| {
                    printer.string(key.as_bytes(), verb, &Value::Nil);
                    printer.out.push(b':');
                    printer.value(item, verb, false);
                });
            }
            Value::Duration(n) => {
                if self.uses_text(verb) {
                    let mut text = Vec::new();
                    print_to(&mut text, value);
                    self.string(&text, verb, value);
                } else {
                    self.integer(n.unsigned_abs(), *n < 0, true, verb, value);
                }
            }
            Value::Object(object) => self.object(object.as_ref(), verb, value),
        }
    }

    /// Returns whether a `String` method answers for `verb`.
    fn uses_text(&self, verb: char) -> bool {
        !self.erroring && !self.flags.sharp_v && matches!(verb, 'v' | 's' | 'x' | 'X' | 'q')
    }

    fn object(&mut self, object: &dyn Object, verb: char, value: &Value) {
        if object.kind() != Kind::Complex128
            && self.uses_text(verb)
            && let Some(text) = object.to_text()
        {
            return self.string(text.as_bytes(), verb, value);
        }
        if let Some(n) = object.integer() {
            return self.integer(n.unsigned_abs(), n < 0, true, verb, value);
        }
        if object.kind() == Kind::Complex128 {
            return self.complex(object, verb, value);
        }
        let mut name = object.type_name();
        if object.kind() == Kind::Ptr {
            self.out.push(b'&');
            name = name.trim_start_matches('*');
        }
        if self.flags.sharp_v {
            self.out.extend_from_slice(name.as_bytes());
        }
        let named = self.flags.plus_v || self.flags.sharp_v;
        self.out.push(b'{');
        for (i, (name, field)) in object.printed_fields().iter().enumerate() {
            if i > 0 {
                self.out.extend_from_slice(if self.flags.sharp_v { b", " } else { b" " });
            }
            if named {
                self.out.extend_from_slice(name.as_bytes());
                self.out.push(b':');
            }
            self.value(field, verb, false);
        }
        self.out.push(b'}');
    }

    /// Prints `(1+2i)`, taking the parts from the text of the number.
    fn complex(&mut self, object: &dyn Object, verb: char, value: &Value) {
        let text = object.to_text().unwrap_or_default().to_string();
        let inner = text.trim_start_matches('(').trim_end_matches("i)");
        let bytes = inner.as_bytes();
        let split = (1..bytes.len())
            .find(|i| matches!(bytes[*i], b'+' | b'-') && bytes[*i - 1] != b'e')
            .unwrap_or(bytes.len());
        let (real, imaginary) = inner.split_at(split);
        if !"vbgGxXfFeE".contains(verb) {
            return self.bad_verb(value, verb);
        }
        self.out.push(b'(');
        self.float(real.parse().unwrap_or(0.0), verb, value);
        let plus = std::mem::replace(&mut self.flags.plus, true);
        self.float(imaginary.parse().unwrap_or(0.0), verb, value);
        self.flags.plus = plus;
        self.out.extend_from_slice(b"i)");
    }

    fn sequence<T>(
        &mut self,
        prefix: &[u8],
        items: impl Iterator<Item = T>,
        mut each: impl FnMut(&mut Self, T),
    ) {
        let go_syntax = self.flags.sharp_v;
        if go_syntax {
            self.out.push(b'{');
        } else {
            self.out.extend_from_slice(prefix);
            self.out.push(b'[');
        }
        for (i, item) in items.enumerate() {
            if i > 0 {
                self.out.extend_from_slice(if go_syntax { b", " } else { b" " });
            }
            each(self, item);
        }
        self.out.push(if go_syntax { b'}' } else { b']' });
    }

    fn string(&mut self, text: &[u8], verb: char, value: &Value) {
        match verb {
            'v' if self.flags.sharp_v => self.quoted(text),
            'v' | 's' => {
                if self.flags.width.is_none() && self.flags.precision.is_none() {
                    self.out.extend_from_slice(text);
                } else {
                    self.pad(self.truncated(text));
                }
            }
            'x' => self.hex(text, false),
            'X' => self.hex(text, true),
            'q' => self.quoted(text),
            _ if value.is_nil() => self.bad_verb(&Value::Str(Str::from(text)), verb),
            _ => self.bad_verb(value, verb),
        }
    }

    fn truncated<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        let Some(limit) = self.flags.precision else { return text };
        let length: usize = pieces(text).take(limit).map(|(_, bytes)| bytes.len()).sum();
        &text[..length]
    }

    fn quoted(&mut self, text: &[u8]) {
        let text = self.truncated(text);
        let mut quoted = Vec::with_capacity(text.len() + 2);
        if self.flags.sharp && can_backquote(text) {
            quoted.push(b'`');
            quoted.extend_from_slice(text);
            quoted.push(b'`');
        } else {
            push_quoted(&mut quoted, text, self.flags.plus);
        }
        self.pad(&quoted);
    }

    fn hex(&mut self, text: &[u8], upper: bool) {
        let text = &text[..self.flags.precision.map_or(text.len(), |p| p.min(text.len()))];
        let prefix: &[u8] = if upper { b"0X" } else { b"0x" };
        let mut hex = Vec::with_capacity(text.len() * 2);
        for (i, byte) in text.iter().enumerate() {
            if self.flags.space && i > 0 {
                hex.push(b' ');
            }
            if self.flags.sharp && (self.flags.space || i == 0) {
                hex.extend_from_slice(prefix);
            }
            let digits = if upper { b"0123456789ABCDEF" } else { b"0123456789abcdef" };
            hex.push(digits[usize::from(byte >> 4)]);
            hex.push(digits[usize::from(byte & 15)]);
        }
        self.pad(&hex);
    }

    fn bytes(&mut self, bytes: &[u8], verb: char, value: &Value, top: bool) {
        match verb {
            's' | 'x' | 'X' | 'q' => self.string(bytes, verb, value),
            'v' if self.flags.sharp_v => {
                // Go knows an operand by its short name, an element by that of its reflected type.
                self.out.extend_from_slice(if top { b"[]byte{" } else { b"[]uint8{" });
                for (i, byte) in bytes.iter().enumerate() {
                    if i > 0 {
                        self.out.extend_from_slice(b", ");
                    }
                    write!(self.out, "0x{byte:x}").unwrap_or_default();
                }
                self.out.push(b'}');
            }
            _ => self.sequence(b"", bytes.iter(), |printer, byte| {
                printer.value(&Value::Uint8(*byte), verb, false);
            }),
        }
    }

    fn integer(&mut self, magnitude: u64, negative: bool, signed: bool, verb: char, value: &Value) {
        let (base, upper) = match verb {
            'v' if self.flags.sharp_v && !signed => {
                let sharp = std::mem::replace(&mut self.flags.sharp, true);
                self.digits(magnitude, negative, 16, false, verb);
                self.flags.sharp = sharp;
                return;
            }
            'v' | 'd' => (10, false),
            'b' => (2, false),
            'o' | 'O' => (8, false),
            'x' => (16, false),
            'X' => (16, true),
            'c' | 'q' | 'U' => {
                // A negative number is an enormous unsigned one here, as in Go.
                let bits = if negative { magnitude.wrapping_neg() } else { magnitude };
                return self.rune(bits, verb);
            }
            _ => return self.bad_verb(value, verb),
        };
        self.digits(magnitude, negative, base, upper, verb);
    }

    fn digits(&mut self, magnitude: u64, negative: bool, base: u64, upper: bool, verb: char) {
        let flags = self.flags;
        let signed = negative || flags.plus || flags.space;
        let mut minimum = 0;
        if let Some(precision) = flags.precision {
            minimum = precision;
            if precision == 0 && magnitude == 0 {
                self.out.extend(std::iter::repeat_n(b' ', flags.width.unwrap_or(0)));
                return;
            }
        } else if flags.zero
            && !flags.minus
            && let Some(width) = flags.width
        {
            minimum = width.saturating_sub(usize::from(signed));
        }
        let mut reversed: Vec<u8> = Vec::with_capacity(24);
        let mut rest = magnitude;
        loop {
            let digit = (rest % base) as u8;
            reversed.push(match digit {
                0..=9 => b'0' + digit,
                _ if upper => b'A' + digit - 10,
                _ => b'a' + digit - 10,
            });
            rest /= base;
            if rest == 0 {
                break;
            }
        }
        if reversed.len() < minimum {
            reversed.resize(minimum, b'0');
        }
        if flags.sharp {
            match base {
                2 => reversed.extend_from_slice(b"b0"),
                8 if reversed.last() != Some(&b'0') => reversed.push(b'0'),
                16 => reversed.extend_from_slice(if upper { b"X0" } else { b"x0" }),
                _ => {}
            }
        }
        if verb == 'O' {
            reversed.extend_from_slice(b"o0");
        }
        if negative {
            reversed.push(b'-');
        } else if flags.plus {
            reversed.push(b'+');
        } else if flags.space {
            reversed.push(b' ');
        }
        reversed.reverse();
        self.pad_blank(&reversed);
    }

    fn rune(&mut self, code: u64, verb: char) {
        let c = u32::try_from(code).ok().and_then(char::from_u32);
        let shown = c.unwrap_or(char::REPLACEMENT_CHARACTER);
        let mut text = Vec::new();
        match verb {
            'c' => text.extend_from_slice(shown.encode_utf8(&mut [0; 4]).as_bytes()),
            'q' => push_quoted_rune(&mut text, shown, self.flags.plus),
            _ => {
                let digits = self.flags.precision.unwrap_or(0).max(4);
                let hex = format!("{code:X}");
                text.extend_from_slice(b"U+");
                text.extend(std::iter::repeat_n(b'0', digits.saturating_sub(hex.len())));
                text.extend_from_slice(hex.as_bytes());
                if self.flags.sharp
                    && let Some(c) = c.filter(|c| is_print(*c))
                {
                    write!(text, " '{c}'").unwrap_or_default();
                }
                return self.pad_blank(&text);
            }
        }
        self.pad(&text);
    }

    fn float(&mut self, x: f64, verb: char, value: &Value) {
        let precision = self.flags.precision;
        let magnitude = x.abs();
        let mut text = match verb {
            'v' | 'b' | 'g' | 'G' | 'x' | 'X' | 'f' | 'F' | 'e' | 'E' if !x.is_finite() => {
                if x.is_nan() { "NaN".to_owned() } else { "Inf".to_owned() }
            }
            'v' | 'g' | 'G' => general(magnitude, precision, self.flags.sharp),
            'f' | 'F' => fixed(magnitude, precision.unwrap_or(6)),
            'e' | 'E' => exponent(magnitude, precision.unwrap_or(6)),
            'x' | 'X' => hexadecimal(magnitude, precision),
            'b' => binary(magnitude),
            _ => return self.bad_verb(value, verb),
        };
        if self.flags.sharp && x.is_finite() {
            match verb {
                'f' | 'F' | 'e' | 'E' => push_point(&mut text, 'e', 0),
                // Go counts the `x` of the prefix as one of the digits.
                'x' => push_point(&mut text, 'p', precision.unwrap_or(6).saturating_sub(1)),
                'X' => push_point(&mut text, 'p', 0),
                _ => {}
            }
        }
        if matches!(verb, 'G' | 'E' | 'X') && x.is_finite() {
            text.make_ascii_uppercase();
        }
        let negative = x.is_sign_negative() && !x.is_nan();
        let sign = if negative {
            Some('-')
        } else if self.flags.plus {
            Some('+')
        } else if self.flags.space {
            Some(' ')
        } else if x == f64::INFINITY {
            Some('+')
        } else {
            None
        };
        let mut whole = Vec::with_capacity(text.len() + 1);
        if let Some(sign) = sign {
            whole.push(sign as u8);
        }
        whole.extend_from_slice(text.as_bytes());
        if !x.is_finite() {
            return self.pad_blank(&whole);
        }
        match (sign, self.flags.width) {
            (Some(sign), Some(width))
                if self.flags.zero && !self.flags.minus && width > whole.len() =>
            {
                self.out.push(sign as u8);
                self.padding(width - whole.len());
                self.out.extend_from_slice(text.as_bytes());
            }
            _ => self.pad(&whole),
        }
    }
}

/// Puts a point before the exponent where there is none, and zeros up to `digits` digits.
fn push_point(text: &mut String, exponent: char, digits: usize) {
    let at = text.find(exponent).unwrap_or(text.len());
    let mantissa = text[..at].trim_start_matches("0x");
    let point = if mantissa.contains('.') { "" } else { "." };
    let present = mantissa.chars().filter(char::is_ascii_hexdigit).count();
    let zeros = "0".repeat(digits.saturating_sub(present));
    text.insert_str(at, &format!("{point}{zeros}"));
}

/// More digits than any float has; Rust's formatting refuses far larger precisions.
const ALL_DIGITS: usize = 1100;

/// `%f`
fn fixed(magnitude: f64, precision: usize) -> String {
    let mut text = format!("{magnitude:.*}", precision.min(ALL_DIGITS));
    text.extend(std::iter::repeat_n('0', precision.saturating_sub(ALL_DIGITS)));
    text
}

/// `%e`: at least two digits of exponent, always signed.
fn exponent(magnitude: f64, precision: usize) -> String {
    let text = format!("{magnitude:.*e}", precision.min(ALL_DIGITS));
    let (mantissa, power) = text.split_once('e').unwrap_or((&text, "0"));
    let zeros = "0".repeat(precision.saturating_sub(ALL_DIGITS));
    let power: i32 = power.parse().unwrap_or(0);
    let sign = if power < 0 { '-' } else { '+' };
    format!("{mantissa}{zeros}e{sign}{:02}", power.unsigned_abs())
}

/// `%g`: shortest digits, or `precision` significant ones; `keep` is the `#` flag, which keeps the
/// point and trailing zeros.
fn general(magnitude: f64, precision: Option<usize>, keep: bool) -> String {
    if precision.is_none() && !keep {
        return format_float(magnitude);
    }
    let shortest = precision.is_none();
    let wanted = precision.unwrap_or(6).max(1);
    let scientific = if shortest {
        format!("{magnitude:e}")
    } else {
        format!("{magnitude:.*e}", (wanted - 1).min(ALL_DIGITS))
    };
    let (mantissa, power) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let power: i64 = power.parse().unwrap_or(0);
    let mut digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    if keep {
        while digits.len() < wanted {
            digits.push('0');
        }
    } else {
        let kept = digits.trim_end_matches('0').len().max(1);
        digits.truncate(kept);
    }
    let threshold = if shortest { 6 } else { wanted as i64 };
    if power < -4 || power >= threshold {
        let (head, tail) = digits.split_at(1);
        let point = if tail.is_empty() && !keep { "" } else { "." };
        let sign = if power < 0 { '-' } else { '+' };
        return format!("{head}{point}{tail}e{sign}{:02}", power.unsigned_abs());
    }
    if power < 0 {
        let zeros = "0".repeat(power.unsigned_abs() as usize - 1);
        return format!("0.{zeros}{digits}");
    }
    let whole = power as usize + 1;
    while digits.len() < whole {
        digits.push('0');
    }
    let (head, tail) = digits.split_at(whole);
    let point = if tail.is_empty() && !keep { "" } else { "." };
    format!("{head}{point}{tail}")
}

/// `%b`: the binary mantissa and exponent as decimals.
fn binary(magnitude: f64) -> String {
    let bits = magnitude.to_bits();
    let exponent = (bits >> 52) as i64 & 0x7ff;
    let fraction = bits & ((1 << 52) - 1);
    let (mantissa, exponent) =
        if exponent == 0 { (fraction, 1) } else { (fraction | 1 << 52, exponent) };
    let power = exponent - 1075;
    let sign = if power < 0 { "" } else { "+" };
    format!("{mantissa}p{sign}{power}")
}

/// `%x`: a normalised hexadecimal mantissa and a decimal power of two.
fn hexadecimal(magnitude: f64, precision: Option<usize>) -> String {
    let bits = magnitude.to_bits();
    let mut power = ((bits >> 52) & 0x7ff) as i64 - 1023;
    let mut mantissa = bits & ((1 << 52) - 1);
    if magnitude == 0.0 {
        power = 0;
    } else if power == -1023 {
        power = -1022;
        while mantissa & (1 << 52) == 0 {
            mantissa <<= 1;
            power -= 1;
        }
    } else {
        mantissa |= 1 << 52;
    }
    if let Some(precision) = precision.filter(|p| *p < 13) {
        let drop = (13 - precision) * 4;
        let half = 1_u64 << (drop - 1);
        let rest = mantissa & ((1 << drop) - 1);
        mantissa >>= drop;
        if rest > half || rest == half && mantissa & 1 == 1 {
            mantissa += 1;
        }
        mantissa <<= drop;
        if mantissa >> 53 != 0 {
            mantissa >>= 1;
            power += 1;
        }
    }
    let mut digits = format!("{:013x}", mantissa & ((1 << 52) - 1));
    match precision {
        Some(precision) => {
            while digits.len() < precision {
                digits.push('0');
            }
            digits.truncate(precision);
        }
        None => digits.truncate(digits.trim_end_matches('0').len()),
    }
    let point = if digits.is_empty() { "" } else { "." };
    let sign = if power < 0 { '-' } else { '+' };
    format!("0x{}{point}{digits}p{sign}{:02}", mantissa >> 52, power.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;

    #[test]
    fn answers_as_helm() {
        check(&[
            (
                r#"{{ printf "%d|%5d|%-5d|%05d|%+d|%x|%#X|%o|%#o|%O|%b|%c|%q|%U|%#U" 7 7 7 7 7 255 255 8 8 8 5 233 65 233 233 }}"#,
                "7|    7|7    |00007|+7|ff|0XFF|10|010|0o10|101|é|'A'|U+00E9|U+00E9 'é'",
            ),
            (
                r#"{{ printf "%f|%.2f|%e|%g|%G|%8.3f|%-8.1f|%+.1e|%08.2f" 1.5 2.675 123456.789 1e21 1e-7 3.14159 2.5 12345.678 -1.5 }}"#,
                "1.500000|2.67|1.234568e+05|1e+21|1E-07|   3.142|2.5     |+1.2e+04|-0001.50",
            ),
            (
                r#"{{ printf "%x|%.3x|%b|%#g|%#x" 1.5 0.1 1.5 1.5 1.5 }}"#,
                "0x1.8p+00|0x1.99ap-04|6755399441055744p-52|1.50000|0x1.8000p+00",
            ),
            (
                r#"{{ printf "%s|%q|%x|% X|%#x|%.2s|%5s|%-5s|%05s|%+q|%#q" "é" "a\"b" "hi" "hi" "hi" "héllo" "é" "é" "ab" "é" "a" }}"#,
                r#"é|"a\"b"|6869|68 69|0x6869|hé|    é|é    |000ab|"\u00e9"|`a`"#,
            ),
            (
                r#"{{ printf "%v|%+v|%#v|%T" (dict "a" 1 "b" (list "x" nil)) (dict "a" 1) (dict "a" (list 1 "x" nil)) (dict) }}"#,
                r#"map[a:1 b:[x <nil>]]|map[a:1]|map[string]interface {}{"a":[]interface {}{1, "x", interface {}(nil)}}|map[string]interface {}"#,
            ),
            (
                r#"{{ printf "%s|%d|%q|%v" (list 1 "two" nil) (list 1 "x") (list "a" 1) (splitList "," "a,b") }}"#,
                r#"[%!s(int=1) two <nil>]|[1 %!d(string=x)]|["a" '\x01']|[a b]"#,
            ),
            (
                r#"{{ printf "%d %s %t %d" 1.5 5 "x" nil }}"#,
                "%!d(float64=1.5) %!s(int=5) %!t(string=x) %!d(<nil>)",
            ),
            (r#"{{ printf "%z %d %!" 1 }}"#, "%!z(int=1) %!d(MISSING) %!!(MISSING)"),
            (r#"{{ printf "%d" 1 2 "x" nil }}"#, "1%!(EXTRA int=2, string=x, <nil>)"),
            (r#"{{ printf "a%" }}"#, "a%!(NOVERB)"),
            (
                r#"{{ printf "%[2]s %[1]s|%[3]s|%[x]d" "a" "b" }}"#,
                "b a|%!s(BADINDEX)|%!d(BADINDEX)",
            ),
            (
                r#"{{ printf "%*d|%-*d|%.*f|%*d" 5 3 5 3 2 3.14159 "a" 3 }}"#,
                "    3|3    |3.14|%!(BADWIDTH)3",
            ),
            (
                r#"{{ printf "%.0f %.0f %.0f %v %v %v" 0.5 1.5 2.5 1e6 123456.0 -0.0 }}"#,
                "0 2 2 1e+06 123456 -0",
            ),
            (
                r#"{{ print 1 2 "a" 3 nil nil true }}|{{ println 1 "a" }}"#,
                "1 2a3 <nil> <nil> true|1 a\n",
            ),
        ]);
    }
}
