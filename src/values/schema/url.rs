use super::failure::quote;
use crate::go::push_quoted;

/// The parts of an address, as they stand in the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Url<'a> {
    pub(super) scheme: Option<&'a str>,
    pub(super) authority: Option<&'a str>,
    pub(super) path: &'a str,
    pub(super) query: Option<&'a str>,
    pub(super) fragment: Option<&'a str>,
}

/// Takes an address apart.
///
/// # Errors
/// The message of Go's `url.Parse`, which begins with `parse "…": `.
pub(super) fn parse(text: &str) -> Result<Url<'_>, String> {
    parts(text).map_err(|message| format!("parse {}: {message}", go_quote(text)))
}

fn parts(text: &str) -> Result<Url<'_>, String> {
    if text.bytes().any(|b| b < 0x20 || b == 0x7f) {
        return Err("net/url: invalid control character in URL".to_owned());
    }
    let (rest, fragment) = split(text, '#');
    let mut url = Url { fragment, ..Url::default() };
    let (scheme, rest) = split_scheme(rest)?;
    url.scheme = scheme;
    let (rest, query) = split(rest, '?');
    url.query = query;
    url.path = rest;
    if !rest.starts_with('/') {
        if scheme.is_some() {
            return Ok(url);
        }
        if rest.split('/').next().is_some_and(|segment| segment.contains(':')) {
            return Err("first path segment in URL cannot contain colon".to_owned());
        }
    }
    if (scheme.is_some() || !rest.starts_with("///"))
        && let Some(rest) = rest.strip_prefix("//")
    {
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        check_host(authority.rsplit('@').next().unwrap_or_default())?;
        url.authority = Some(authority);
        url.path = path;
    }
    check_escapes(url.path)?;
    check_escapes(fragment.unwrap_or_default())?;
    Ok(url)
}

fn split(text: &str, mark: char) -> (&str, Option<&str>) {
    text.split_once(mark).map_or((text, None), |(before, after)| (before, Some(after)))
}

fn split_scheme(text: &str) -> Result<(Option<&str>, &str), String> {
    for (i, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if i > 0 => {}
            b':' if i == 0 => return Err("missing protocol scheme".to_owned()),
            b':' => return Ok((Some(&text[..i]), &text[i + 1..])),
            _ => break,
        }
    }
    Ok((None, text))
}

fn check_host(host: &str) -> Result<(), String> {
    let port = if let Some(rest) = host.strip_prefix('[') {
        let (literal, port) = rest.rsplit_once(']').ok_or("missing ']' in host")?;
        check_port(port)?;
        let address = literal.split('%').next().unwrap_or_default();
        if address.parse::<std::net::Ipv4Addr>().is_ok() {
            return Err("invalid IP-literal".to_owned());
        }
        check_ipv6(address).map_err(|message| format!("invalid host: {message}"))?;
        return Ok(());
    } else {
        host.find(':').map_or("", |i| &host[i..])
    };
    check_port(port)?;
    for (i, byte) in host.bytes().enumerate() {
        let allowed = byte >= 0x80
            || byte.is_ascii_alphanumeric()
            || b"-_.~!$&'()*+,;=:[]<>\"".contains(&byte);
        if byte == b'%' {
            let escape: String = host[i..].chars().take(3).collect();
            let is_high = escape.get(1..3).is_some_and(|hex| {
                u8::from_str_radix(hex, 16).is_ok_and(|value| value >= 0x80 || value == b'%')
            });
            if !is_high {
                return Err(format!("invalid URL escape {}", go_quote(&escape)));
            }
        } else if !allowed {
            let character = host[i..].chars().next().map(String::from).unwrap_or_default();
            return Err(format!("invalid character {} in host name", go_quote(&character)));
        }
    }
    Ok(())
}

fn check_port(port: &str) -> Result<(), String> {
    let is_valid = port.is_empty()
        || port.strip_prefix(':').is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()));
    if is_valid { Ok(()) } else { Err(format!("invalid port {} after host", go_quote(port))) }
}

fn check_escapes(text: &str) -> Result<(), String> {
    let bytes = text.as_bytes();
    for (i, _) in text.match_indices('%') {
        let is_valid = bytes.len() > i + 2 && bytes[i + 1..i + 3].iter().all(u8::is_ascii_hexdigit);
        if !is_valid {
            let escape: String = text[i..].chars().take(3).collect();
            return Err(format!("invalid URL escape {}", go_quote(&escape)));
        }
    }
    Ok(())
}

/// Quotes a text as Go's `%q` does.
pub(super) fn go_quote(text: &str) -> String {
    let mut out = Vec::new();
    push_quoted(&mut out, text.as_bytes(), false);
    String::from_utf8_lossy(&out).into_owned()
}

/// Checks an IPv6 address.
///
/// # Errors
/// The message of Go's `netip.ParseAddr`.
pub(super) fn check_ipv6(text: &str) -> Result<(), String> {
    let bad = |message: &str, at: &str| {
        let place = if at.is_empty() { String::new() } else { format!(" (at {})", go_quote(at)) };
        Err(format!("ParseAddr({}): {message}{place}", go_quote(text)))
    };
    if !text.contains(':') {
        return bad("unable to parse IP", "");
    }
    let mut rest = text;
    let mut ellipsis = None;
    if let Some(after) = rest.strip_prefix("::") {
        if after.is_empty() {
            return Ok(());
        }
        ellipsis = Some(0);
        rest = after;
    }
    let mut filled = 0;
    while filled < 16 {
        let digits = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
        match digits {
            0 => return bad("each colon-separated field must have at least one digit", rest),
            1..=4 => {}
            _ => return bad("each group must have 4 or less digits", rest),
        }
        if rest[digits..].starts_with('.') {
            if ellipsis.is_none() && filled != 12 {
                let message =
                    "embedded IPv4 address must replace the final 2 fields of the address";
                return bad(message, rest);
            }
            if filled > 12 {
                let message =
                    "too many hex fields to fit an embedded IPv4 at the end of the address";
                return bad(message, rest);
            }
            if let Err((message, at)) = check_ipv4_fields(rest) {
                return bad(message, at);
            }
            filled += 4;
            rest = "";
            break;
        }
        filled += 2;
        rest = &rest[digits..];
        if rest.is_empty() {
            break;
        }
        let Some(after) = rest.strip_prefix(':') else {
            return bad("unexpected character, want colon", rest);
        };
        if after.is_empty() {
            return bad("colon must be followed by more characters", rest);
        }
        rest = after;
        if let Some(after) = rest.strip_prefix(':') {
            if ellipsis.is_some() {
                return bad("multiple :: in address", rest);
            }
            ellipsis = Some(filled);
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
    }
    if !rest.is_empty() {
        return bad("trailing garbage after address", rest);
    }
    match ellipsis {
        None if filled < 16 => bad("address string too short", ""),
        Some(_) if filled == 16 => bad("the :: must expand to at least one field of zeros", ""),
        _ => Ok(()),
    }
}

fn check_ipv4_fields(text: &str) -> Result<(), (&'static str, &str)> {
    let fields: Vec<&str> = text.split('.').collect();
    for field in &fields {
        if let Some(i) = field.find(|c: char| !c.is_ascii_digit()) {
            return Err(("unexpected character", &field[i..]));
        }
        if field.is_empty() {
            return Err(("IPv4 field must have at least one digit", text));
        }
        if field.len() > 1 && field.starts_with('0') {
            return Err(("IPv4 field has octet with leading zero", ""));
        }
        if field.parse::<u8>().is_err() {
            return Err(("IPv4 field has value >255", ""));
        }
    }
    match fields.len() {
        4 => Ok(()),
        0..4 => Err(("IPv4 address too short", "")),
        _ => Err(("IPv4 address too long", text)),
    }
}

/// Returns the address that `reference` means in a document at `base`, fragment included.
///
/// # Errors
/// As [`parse`].
pub(super) fn join(base: &str, reference: &str) -> Result<String, String> {
    let to = parse(reference)?;
    if to.scheme.is_some() {
        return Ok(reference.to_owned());
    }
    let (base, _) = split(base, '#');
    let from = parse(base)?;
    let with_fragment = |mut url: String| {
        if let Some(fragment) = to.fragment {
            url.push('#');
            url.push_str(fragment);
        }
        url
    };
    let scheme = from.scheme.unwrap_or_default();
    if to.authority.is_none() && to.path.is_empty() && to.query.is_none() {
        return Ok(with_fragment(base.to_owned()));
    }
    let authority = to.authority.or(from.authority);
    let path = if to.authority.is_some() || to.path.starts_with('/') {
        to.path.to_owned()
    } else if to.path.is_empty() {
        from.path.to_owned()
    } else {
        let folder = from.path.rfind('/').map_or("/", |i| &from.path[..=i]);
        format!("{folder}{}", to.path)
    };
    let mut url = format!("{scheme}:");
    if let Some(authority) = authority {
        url.push_str("//");
        url.push_str(authority);
    }
    url.push_str(&without_dots(&path));
    if let Some(query) = to.query {
        url.push('?');
        url.push_str(query);
    }
    Ok(with_fragment(url))
}

fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let segments: Vec<&str> = path.split('/').collect();
    let last = segments.len() - 1;
    for (i, segment) in segments.into_iter().enumerate() {
        match segment {
            "." | ".." => {
                if segment == ".." && kept.len() > 1 {
                    kept.pop();
                }
                if i == last {
                    kept.push("");
                }
            }
            _ => kept.push(segment),
        }
    }
    kept.join("/")
}

/// Undoes the percent escapes of a fragment.
pub(super) fn unescape(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let hex = bytes.get(i + 1..i + 3).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) if bytes[i] == b'%' => {
                out.push(byte);
                i += 3;
            }
            _ => {
                out.push(bytes[i]);
                i += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Quotes a character as Go's `%q` does.
pub(super) fn quote_char(c: char) -> String {
    match c {
        '\'' => r"'\''".to_owned(),
        '\\' => r"'\\'".to_owned(),
        _ => quote(&c.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins() {
        let cases = [
            ("file:///values.schema.json", "other.json#/a", "file:///other.json#/a"),
            ("file:///values.schema.json", "#/a", "file:///values.schema.json#/a"),
            ("http://a/b/c", "../d/./e", "http://a/d/e"),
            ("http://a/b/c?x#y", "?z", "http://a/b/c?z"),
            ("http://a/b", "//c/d", "http://c/d"),
            ("http://a", "b", "http://a/b"),
            ("urn:x", "#a", "urn:x#a"),
        ];
        for (base, reference, joined) in cases {
            assert_eq!(join(base, reference).as_deref(), Ok(joined));
        }
    }
}
