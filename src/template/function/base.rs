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
    let text = str_arg(args, 0).as_bytes();
    Ok(Value::str(match decode(text, 6, base64_digit) {
        Ok(bytes) => bytes,
        Err(at) => format!("illegal base64 data at input byte {at}").into_bytes(),
    }))
}

fn b32dec(_: &Env, args: &[Value]) -> Result {
    let text = str_arg(args, 0).as_bytes();
    Ok(Value::str(match decode(text, 5, base32_digit) {
        Ok(bytes) => bytes,
        Err(at) => format!("illegal base32 data at input byte {at}").into_bytes(),
    }))
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

/// Decodes digits of `bits` bits each, line breaks left out. The error is the offset at which Go's
/// decoder gives up.
fn decode(text: &[u8], bits: u32, digit: fn(u8) -> Option<u8>) -> Result2<Vec<u8>, usize> {
    let group = if bits == 6 { 4 } else { 8 };
    let input: Vec<(usize, u8)> = text
        .iter()
        .copied()
        .enumerate()
        .filter(|(_, byte)| !matches!(byte, b'\r' | b'\n'))
        .collect();
    let mut out = Vec::with_capacity(text.len() * bits as usize / 8);
    for chunk in input.chunks(group) {
        let digits = chunk.iter().take_while(|(_, byte)| digit(*byte).is_some()).count();
        let mut buffer: u64 = 0;
        for (_, byte) in &chunk[..digits] {
            buffer = buffer << bits | u64::from(digit(*byte).unwrap_or(0));
        }
        if digits < group {
            check_padding(text, chunk, &input, digits, bits)?;
        }
        let whole = digits as u32 * bits / 8;
        buffer >>= digits as u32 * bits - whole * 8;
        out.extend_from_slice(&buffer.to_be_bytes()[8 - whole as usize..]);
        if digits < group {
            return Ok(out);
        }
    }
    Ok(out)
}

use std::result::Result as Result2;

/// Checks the last, incomplete group: `=` up to a full group, then nothing.
fn check_padding(
    text: &[u8],
    chunk: &[(usize, u8)],
    input: &[(usize, u8)],
    digits: usize,
    bits: u32,
) -> Result2<(), usize> {
    let group = if bits == 6 { 4 } else { 8 };
    let allowed: &[usize] = if bits == 6 { &[2, 3] } else { &[2, 4, 5, 7] };
    let Some((at, byte)) = chunk.get(digits).copied() else {
        // The text ends inside a group.
        return Err(text.len());
    };
    if byte != b'=' || !allowed.contains(&digits) {
        return Err(at);
    }
    let pads = chunk[digits..].iter().take_while(|(_, byte)| *byte == b'=').count();
    if digits + pads < group {
        return Err(chunk.get(digits + pads).map_or(text.len(), |(at, _)| *at));
    }
    let end = chunk[group - 1].0;
    match input.iter().find(|(at, _)| *at > end) {
        Some((at, _)) => Err(*at),
        None => Ok(()),
    }
}
