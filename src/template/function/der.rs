//! The little of ASN.1's DER that certificates and keys need, and PEM around it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OBJECT_ID: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// Writes one element.
pub(super) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = content.len();
    if length < 0x80 {
        out.push(length as u8);
    } else {
        let bytes: Vec<u8> =
            length.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
        out.push(0x80 | bytes.len() as u8);
        out.extend(bytes);
    }
    out.extend_from_slice(content);
    out
}

/// Writes an element around others.
pub(super) fn group(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    element(tag, &parts.concat())
}

/// Writes a bit string of whole bytes.
pub(super) fn bit_string(bytes: &[u8]) -> Vec<u8> {
    element(BIT_STRING, &[&[0], bytes].concat())
}

/// Writes a number that is not negative, given in big-endian bytes.
pub(super) fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    let digits = &bytes[start..];
    // A leading one bit would mean a negative number.
    let pad = digits.first().is_none_or(|byte| *byte >= 0x80);
    element(INTEGER, &[if pad { &[0][..] } else { &[] }, digits].concat())
}

/// One element that was read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    /// The element with its tag and length.
    pub(super) whole: &'a [u8],
}

/// Takes the first element off `rest`; `None` when it is not whole.
pub(super) fn next<'a>(rest: &mut &'a [u8]) -> Option<Element<'a>> {
    let (&tag, after) = rest.split_first()?;
    let (&first, mut after) = after.split_first()?;
    let mut length = usize::from(first);
    if first >= 0x80 {
        let (digits, tail) = after.split_at_checked(usize::from(first & 0x7f))?;
        if digits.is_empty() || digits.len() > 4 {
            return None;
        }
        length = digits.iter().fold(0, |n, byte| n << 8 | usize::from(*byte));
        after = tail;
    }
    let (content, tail) = after.split_at_checked(length)?;
    let whole = &rest[..rest.len() - tail.len()];
    *rest = tail;
    Some(Element { tag, content, whole })
}

/// Takes the first element off `rest` if it has `tag`.
pub(super) fn expect<'a>(rest: &mut &'a [u8], tag: u8) -> Option<Element<'a>> {
    let mut ahead = *rest;
    let element = next(&mut ahead)?;
    if element.tag != tag {
        return None;
    }
    *rest = ahead;
    Some(element)
}

/// Writes `der` in PEM under `label`.
pub(super) fn to_pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut out = format!("-----BEGIN {label}-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at(rest.len().min(64));
        out.push_str(line);
        out.push('\n');
        rest = tail;
    }
    out.push_str("-----END ");
    out.push_str(label);
    out.push_str("-----\n");
    out
}

/// Finds the first PEM block in `text`: its label and what it holds.
pub(super) fn from_pem(text: &str) -> Option<(&str, Vec<u8>)> {
    let mut rest = text;
    loop {
        let (_, after) = rest.split_once("-----BEGIN ")?;
        let block = after.split_once("-----").and_then(|(label, body)| {
            let (body, _) = body.split_once(&format!("-----END {label}-----"))?;
            let body: String = body
                .lines()
                .filter(|line| !line.contains(':'))
                .flat_map(|line| line.chars().filter(|c| !c.is_ascii_whitespace()))
                .collect();
            Some((label, STANDARD.decode(body).ok()?))
        });
        if block.is_some() {
            return block;
        }
        rest = after;
    }
}
