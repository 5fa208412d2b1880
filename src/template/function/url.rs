//! `urlParse` and `urlJoin`, by the rules of Go's `net/url` package.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::argument::{map_arg, str_arg};
use super::{Failure, Function, Param, Result};
use crate::go::push_quoted;
use crate::value::{Map, Str, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "urlParse",
        params: &[Param::Str],
        rest: None,
        call: |_, args| url_parse(str_arg(args, 0).as_bytes()),
    },
    Function {
        name: "urlJoin",
        params: &[Param::Map],
        rest: None,
        call: |_, args| url_join(map_arg(args, 0)),
    },
];

type Parsed<T> = std::result::Result<T, String>;

/// The part of a URL that a text stands in; each has its own reserved characters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Path,
    Host,
    Zone,
    User,
    Fragment,
}

#[derive(Default)]
struct Url {
    scheme: Vec<u8>,
    opaque: Vec<u8>,
    user: Option<User>,
    host: Vec<u8>,
    path: Vec<u8>,
    query: Vec<u8>,
    fragment: Vec<u8>,
}

struct User {
    name: Vec<u8>,
    password: Option<Vec<u8>>,
}

fn url_parse(text: &[u8]) -> Result {
    let url = parse(text).map_err(|e| Failure::Message(format!("unable to parse url: {e}")))?;
    let user = url.user.as_ref().map(User::to_bytes).unwrap_or_default();
    let hostname = url.hostname().to_vec();
    Ok(Value::Map(Map::from_pairs([
        ("scheme", Value::str(url.scheme)),
        ("host", Value::str(url.host)),
        ("hostname", Value::str(hostname)),
        ("path", Value::str(url.path)),
        ("query", Value::str(url.query)),
        ("opaque", Value::str(url.opaque)),
        ("fragment", Value::str(url.fragment)),
        ("userinfo", Value::str(user)),
    ])))
}

fn url_join(parts: &Map) -> Result {
    let part = |key: &str| match parts.get(key) {
        None => Ok(Vec::new()),
        Some(Value::Str(text)) => Ok(text.as_bytes().to_vec()),
        Some(Value::Nil | Value::Absent) => {
            Err(Failure::from("runtime error: invalid memory address or nil pointer dereference"))
        }
        Some(other) => Err(Failure::Message(format!(
            "unable to parse {key} key, must be of type string, but {} found",
            other.kind().name()
        ))),
    };
    let mut url = Url {
        scheme: part("scheme")?,
        host: part("host")?,
        path: part("path")?,
        query: part("query")?,
        opaque: part("opaque")?,
        fragment: part("fragment")?,
        user: None,
    };
    let user = part("userinfo")?;
    if !user.is_empty() {
        let text = [b"proto://", user.as_slice(), b"@host"].concat();
        let parsed = parse(&text)
            .map_err(|e| Failure::Message(format!("unable to parse userinfo in dict: {e}")))?;
        url.user = parsed.user;
    }
    Ok(Value::Str(url.to_str()))
}

/// Parses an absolute or relative URL.
fn parse(text: &[u8]) -> Parsed<Url> {
    let (rest, fragment) = cut(text, b'#');
    let mut url = parse_without_fragment(rest).map_err(|e| parse_error(rest, &e))?;
    url.fragment = unescape(fragment.unwrap_or_default(), Part::Fragment)
        .map_err(|e| parse_error(text, &e))?;
    Ok(url)
}

/// Returns whether a text is a URL as it stands in a request: absolute, with a scheme.
///
/// # Source
/// Go's `url.ParseRequestURI`.
pub(crate) fn is_request_url(text: &str) -> bool {
    parse_without_fragment(text.as_bytes()).is_ok_and(|url| !url.scheme.is_empty())
}

/// Returns host and decoded path of a URL; `None` for what is none.
pub(crate) fn parse_host_and_path(text: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    parse(text.as_bytes()).ok().map(|url| (url.host, url.path))
}

fn parse_error(text: &[u8], message: &str) -> String {
    format!("parse {}: {message}", quote(text))
}

fn quote(text: &[u8]) -> String {
    let mut out = Vec::new();
    push_quoted(&mut out, text, false);
    String::from_utf8_lossy(&out).into_owned()
}

/// Cuts at the first `mark`.
fn cut(text: &[u8], mark: u8) -> (&[u8], Option<&[u8]>) {
    match text.iter().position(|b| *b == mark) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    }
}

fn parse_without_fragment(text: &[u8]) -> Parsed<Url> {
    if text.iter().any(|b| *b < b' ' || *b == 0x7f) {
        return Err("net/url: invalid control character in URL".to_owned());
    }
    let mut url = Url::default();
    if text == b"*" {
        url.path = text.to_vec();
        return Ok(url);
    }
    let (scheme, rest) = cut_scheme(text)?;
    url.scheme = scheme.to_ascii_lowercase();
    let (mut rest, query) = cut(rest, b'?');
    url.query = query.unwrap_or_default().to_vec();
    if !rest.starts_with(b"/") {
        if !scheme.is_empty() {
            url.opaque = rest.to_vec();
            return Ok(url);
        }
        if cut(rest, b'/').0.contains(&b':') {
            return Err("first path segment in URL cannot contain colon".to_owned());
        }
    }
    if rest.starts_with(b"//") && (!scheme.is_empty() || !rest.starts_with(b"///")) {
        let authority = cut(&rest[2..], b'/').0;
        rest = &rest[2 + authority.len()..];
        (url.user, url.host) = parse_authority(&url.scheme, authority)?;
    }
    url.path = unescape(rest, Part::Path)?;
    Ok(url)
}

fn cut_scheme(text: &[u8]) -> Parsed<(&[u8], &[u8])> {
    for (i, byte) in text.iter().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if i > 0 => {}
            b':' if i == 0 => return Err("missing protocol scheme".to_owned()),
            b':' => return Ok((&text[..i], &text[i + 1..])),
            _ => break,
        }
    }
    Ok((b"", text))
}

fn parse_authority(scheme: &[u8], authority: &[u8]) -> Parsed<(Option<User>, Vec<u8>)> {
    let Some(at) = authority.iter().rposition(|b| *b == b'@') else {
        return Ok((None, parse_host(scheme, authority)?));
    };
    let host = parse_host(scheme, &authority[at + 1..])?;
    let user = &authority[..at];
    let valid = |b: &u8| b.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(b);
    if !user.iter().all(valid) {
        return Err("net/url: invalid userinfo".to_owned());
    }
    let (name, password) = cut(user, b':');
    let name = unescape(name, Part::User)?;
    let password = password.map(|password| unescape(password, Part::User)).transpose()?;
    Ok((Some(User { name, password }), host))
}

fn parse_host(scheme: &[u8], host: &[u8]) -> Parsed<Vec<u8>> {
    let bracket = host.iter().rposition(|b| *b == b'[');
    if bracket.is_none() {
        // Other schemes have host lists such as `a:1,b:2`.
        let colon = if matches!(scheme, b"http" | b"https") {
            host.iter().position(|b| *b == b':')
        } else {
            host.iter().rposition(|b| *b == b':')
        };
        let colon = colon.unwrap_or(host.len());
        check_port(&host[colon..])?;
        return unescape(host, Part::Host);
    }
    let Some(close) = host.iter().rposition(|b| *b == b']') else {
        return Err("missing ']' in host".to_owned());
    };
    check_port(&host[close + 1..])?;
    if !host.starts_with(b"[") {
        return Err("invalid IP-literal".to_owned());
    }
    let port = unescape(&host[close + 1..], Part::Host)?;
    let name = &host[1..close];
    let zone = name.windows(3).position(|w| w == b"%25").unwrap_or(name.len());
    let mut address = unescape(&name[..zone], Part::Host)?;
    let zone = unescape(&name[zone..], Part::Zone)?;
    let known = std::str::from_utf8(&address).ok().and_then(|a| a.parse::<Ipv6Addr>().ok());
    address.extend(zone);
    if std::str::from_utf8(&address).is_ok_and(|a| a.parse::<Ipv4Addr>().is_ok()) {
        return Err("invalid IP-literal".to_owned());
    }
    if known.is_none() {
        return Err(format!("invalid host: ParseAddr({}): unable to parse IP", quote(&address)));
    }
    Ok([b"[".as_slice(), &address, b"]", &port].concat())
}

fn check_port(port: &[u8]) -> Parsed<()> {
    if is_port(port) { Ok(()) } else { Err(format!("invalid port {} after host", quote(port))) }
}

/// Returns whether `port` is empty or a colon and any number of digits.
fn is_port(port: &[u8]) -> bool {
    port.split_first()
        .is_none_or(|(colon, digits)| *colon == b':' && digits.iter().all(u8::is_ascii_digit))
}

impl Url {
    fn hostname(&self) -> &[u8] {
        let mut host = self.host.as_slice();
        if let Some(colon) = host.iter().rposition(|b| *b == b':')
            && is_port(&host[colon..])
        {
            host = &host[..colon];
        }
        host.strip_prefix(b"[").and_then(|inner| inner.strip_suffix(b"]")).unwrap_or(host)
    }

    fn to_str(&self) -> Str {
        let mut out = Vec::new();
        if !self.scheme.is_empty() {
            out.extend_from_slice(&self.scheme);
            out.push(b':');
        }
        if self.opaque.is_empty() {
            if !self.host.is_empty()
                || self.user.is_some()
                || !self.scheme.is_empty() && !self.path.is_empty()
            {
                out.extend_from_slice(b"//");
            }
            if let Some(user) = &self.user {
                out.extend(user.to_bytes());
                out.push(b'@');
            }
            escape(&mut out, &self.host, Part::Host);
            if !self.host.is_empty() && !self.path.is_empty() && self.path[0] != b'/' {
                out.push(b'/');
            }
            if out.is_empty() && cut(&self.path, b'/').0.contains(&b':') {
                out.extend_from_slice(b"./");
            }
            if self.path == b"*" {
                out.push(b'*');
            } else {
                escape(&mut out, &self.path, Part::Path);
            }
        } else {
            out.extend_from_slice(&self.opaque);
        }
        if !self.query.is_empty() {
            out.push(b'?');
            out.extend_from_slice(&self.query);
        }
        if !self.fragment.is_empty() {
            out.push(b'#');
            escape(&mut out, &self.fragment, Part::Fragment);
        }
        Str::from(out)
    }
}

impl User {
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        escape(&mut out, &self.name, Part::User);
        if let Some(password) = &self.password {
            out.push(b':');
            escape(&mut out, password, Part::User);
        }
        out
    }
}

fn is_reserved(byte: u8, part: Part) -> bool {
    match byte {
        b'-' | b'_' | b'.' | b'~' => false,
        _ if byte.is_ascii_alphanumeric() => false,
        b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' | b':'
        | b'[' | b']' | b'<' | b'>' | b'"'
            if matches!(part, Part::Host | Part::Zone) =>
        {
            false
        }
        b'$' | b'&' | b'+' | b',' | b'/' | b':' | b';' | b'=' | b'?' | b'@' => match part {
            Part::Path => byte == b'?',
            Part::User => matches!(byte, b'@' | b'/' | b'?' | b':'),
            Part::Fragment => false,
            Part::Host | Part::Zone => true,
        },
        b'!' | b'(' | b')' | b'*' => part != Part::Fragment,
        _ => true,
    }
}

fn escape(out: &mut Vec<u8>, text: &[u8], part: Part) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in text {
        if is_reserved(byte, part) {
            out.extend([b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        } else {
            out.push(byte);
        }
    }
}

fn unescape(text: &[u8], part: Part) -> Parsed<Vec<u8>> {
    let in_host = matches!(part, Part::Host | Part::Zone);
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|d| d as u8);
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let byte = text[at];
        if byte == b'%' {
            let escape = &text[at..text.len().min(at + 3)];
            let value = match *escape {
                [_, high, low] => digit(high).zip(digit(low)).map(|(high, low)| high * 16 + low),
                _ => None,
            };
            // In a host only bytes beyond ASCII may be escaped, and `%25`; a zone may hold more.
            let allowed = |value: u8| match part {
                Part::Host => value >= 0x80 || value == b'%',
                Part::Zone => value == b'%' || value == b' ' || !is_reserved(value, Part::Host),
                _ => true,
            };
            match value.filter(|value| allowed(*value)) {
                Some(value) => out.push(value),
                None => return Err(format!("invalid URL escape {}", quote(escape))),
            }
            at += 3;
        } else {
            if in_host && byte < 0x80 && is_reserved(byte, part) {
                return Err(format!("invalid character {} in host name", quote(&[byte])));
            }
            out.push(byte);
            at += 1;
        }
    }
    Ok(out)
}
