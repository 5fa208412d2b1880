//! Base64 and base32 with the standard alphabets and padding.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use data_encoding::BASE32;

use super::argument::str_arg;
use super::{Env, Function, Param, Result};
use crate::value::Value;

const fn row(name: &'static str, call: fn(&Env, &[Value]) -> Result) -> Function {
    Function { name, params: &[Param::Str], rest: None, call }
}

pub(super) const FUNCTIONS: &[Function] =
    &[row("b32dec", b32dec), row("b32enc", b32enc), row("b64dec", b64dec), row("b64enc", b64enc)];

fn b64enc(_: &Env, args: &[Value]) -> Result {
    Ok(Value::str(STANDARD.encode(str_arg(args, 0))))
}

fn b32enc(_: &Env, args: &[Value]) -> Result {
    Ok(Value::str(BASE32.encode(str_arg(args, 0).as_bytes())))
}

/// Decoding never fails: the text of the error is the result.
fn b64dec(_: &Env, args: &[Value]) -> Result {
    let decoded = decode_base64(str_arg(args, 0).as_bytes());
    Ok(Value::str(decoded.unwrap_or_else(|at| illegal("base64", at))))
}

fn b32dec(_: &Env, args: &[Value]) -> Result {
    let decoded = decode_base32(str_arg(args, 0).as_bytes());
    Ok(Value::str(decoded.unwrap_or_else(|at| illegal("base32", at))))
}

fn illegal(encoding: &str, at: usize) -> Vec<u8> {
    format!("illegal {encoding} data at input byte {at}").into_bytes()
}

fn base64_digit(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

fn base32_digit(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'2'..=b'7' => Some(byte - b'2' + 26),
        _ => None,
    }
}

fn is_break(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// Decodes, leaving out line breaks. The error is the offset at which Go's decoder gives up.
pub(super) fn decode_base64(text: &[u8]) -> std::result::Result<Vec<u8>, usize> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut group, mut digits) = (0_u32, 0_usize);
    let mut input = text.iter().copied().enumerate().filter(|(_, byte)| !is_break(*byte));
    while let Some((at, byte)) = input.next() {
        if let Some(digit) = base64_digit(byte) {
            group = group << 6 | u32::from(digit);
            digits += 1;
            if digits == 4 {
                out.extend_from_slice(&group.to_be_bytes()[1..]);
                (group, digits) = (0, 0);
            }
            continue;
        }
        if byte != b'=' || digits < 2 {
            return Err(at);
        }
        if digits == 2 {
            match input.next() {
                Some((_, b'=')) => {}
                Some((at, _)) => return Err(at - 1),
                None => return Err(text.len()),
            }
        }
        if let Some((at, _)) = input.next() {
            return Err(at);
        }
        let bytes = (group << (6 * (4 - digits))).to_be_bytes();
        out.extend_from_slice(&bytes[1..digits]);
        return Ok(out);
    }
    if digits > 0 { Err(text.len() - digits) } else { Ok(out) }
}

/// Decodes as [`decode_base64`] does; offsets do not count line breaks, as in Go.
fn decode_base32(text: &[u8]) -> std::result::Result<Vec<u8>, usize> {
    let text: Vec<u8> = text.iter().copied().filter(|byte| !is_break(*byte)).collect();
    let mut out = Vec::with_capacity(text.len() / 8 * 5 + 5);
    let (mut group, mut digits) = (0_u64, 0_usize);
    for (at, byte) in text.iter().copied().enumerate() {
        let rest = &text[at + 1..];
        if byte == b'=' && digits >= 2 && rest.len() < 8 {
            let wanted = 7 - digits;
            if rest.len() < wanted {
                return Err(text.len());
            }
            if let Some(bad) = rest[..wanted].iter().position(|byte| *byte != b'=') {
                return Err(at + bad);
            }
            if matches!(digits, 3 | 6) {
                return Err(at);
            }
            let bytes = (group << (5 * (8 - digits))).to_be_bytes();
            out.extend_from_slice(&bytes[3..3 + digits * 5 / 8]);
            return Ok(out);
        }
        let Some(digit) = base32_digit(byte) else { return Err(at) };
        group = group << 5 | u64::from(digit);
        digits += 1;
        if digits == 8 {
            out.extend_from_slice(&group.to_be_bytes()[3..]);
            (group, digits) = (0, 0);
        }
    }
    if digits > 0 { Err(text.len() - digits) } else { Ok(out) }
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;

    #[test]
    fn answers_as_helm() {
        check(&[
            (
                r#"{{ b64enc "héllo" }} {{ b32enc "héllo" }} {{ b64dec "aGk=" }} {{ b32dec "NBUQ====" }}"#,
                "aMOpbGxv NDB2S3DMN4====== hi hi",
            ),
            (r#"{{ b64dec "a\nGk=\n" }} {{ b64dec "" }}"#, "hi "),
            (r#"{{ b64dec "aGk" }}"#, "illegal base64 data at input byte 0"),
            (r#"{{ b64dec "aG=k" }}"#, "illegal base64 data at input byte 2"),
            (r#"{{ b64dec "a!b" }}"#, "illegal base64 data at input byte 1"),
            (r#"{{ b64dec "aGk=x" }}"#, "illegal base64 data at input byte 4"),
            (r#"{{ b32dec "A2=" }}"#, "illegal base32 data at input byte 3"),
            (r#"{{ b32dec "AB1" }}"#, "illegal base32 data at input byte 2"),
            (r#"{{ b32dec "NBUQ" }}"#, "illegal base32 data at input byte 0"),
        ]);
    }
}
