//! Which addresses of maintainers Helm takes.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use regex::Regex;

use crate::template::function::parse_host_and_path;

/// The letters beyond ASCII that both local parts and domains may have.
fn is_beyond(c: char) -> bool {
    matches!(c, '\u{a0}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{ffef}')
}

/// Returns whether a text is an e-mail address.
///
/// # Source
/// The `IsEmail` of `asaskevich/govalidator`, as the binary behaves.
pub(super) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    is_local_part(local) && is_domain(domain)
}

fn is_local_part(text: &str) -> bool {
    if let Some(quoted) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        return is_quoted(quoted);
    }
    let is_atom =
        |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || is_beyond(c);
    text.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atom))
}

fn is_quoted(text: &str) -> bool {
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' if characters.next().is_none() => return false,
            '"' | '\0' | '\n' | '\r' => return false,
            _ => {}
        }
    }
    true
}

/// Two or more labels; the last begins and ends with a letter.
fn is_domain(text: &str) -> bool {
    let text = text.strip_suffix('.').unwrap_or(text);
    let letter = |c: char| c.is_ascii_alphabetic() || is_beyond(c);
    let edge = |c: char| letter(c) || c.is_ascii_digit();
    let middle = |c: char| edge(c) || matches!(c, '-' | '_' | '~');
    let Some((first, last)) = text.rsplit_once('.') else { return false };
    // Dots may stand next to each other between labels, as long as no label lies between two.
    last.starts_with(letter)
        && last.ends_with(letter)
        && last.chars().all(middle)
        && first.starts_with(edge)
        && first.ends_with(edge)
        && first.chars().all(|c| middle(c) || c == '.')
}

static URL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let v4 = r"(?:[1-9][0-9]?|1[0-9]{2}|2[01][0-9]|22[0-3]|24[0-9]|25[0-5])(?:\.(?:[0-9]{1,2}|1[0-9]{2}|2[0-4][0-9]|25[0-5])){2}\.(?:[0-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-5])";
    let letter = r"a-zA-Z\x{a1}-\x{ffff}";
    let words = r"[a-zA-Z0-9](?:[a-zA-Z0-9_-]+)?[a-zA-Z0-9](?:[-.][a-zA-Z0-9]+)*";
    let subdomain = r"(?:www\.|[a-zA-Z0-9]+(?:[-_.]?[a-zA-Z0-9])*[a-zA-Z0-9]\.[a-zA-Z0-9]+)?";
    let name =
        format!(r"(?:{words}|{subdomain})?(?:[{letter}0-9]+-?-?)*[{letter}0-9]+(?:\.[{letter}]+)?");
    Regex::new(&format!(
        r"^(?:(?:ftp|tcp|udp|wss?|https?)://)?(?:[^\t\n\f\r ]+(?::[^\t\n\f\r ]*)?@)?(?:{v4}|\[(?<ip>[^\]]*)\]|{name})\.?(?::[0-9]{{1,5}})?(?:[/?#][^\t\n\f\r ]*)?$"
    ))
    .ok()
});

/// Returns whether a text is a URL, with or without a scheme.
///
/// # Source
/// The `IsURL` of `asaskevich/govalidator`, as the binary behaves.
pub(super) fn is_url(text: &str) -> bool {
    if text.len() <= 3 || text.chars().count() >= 2083 || text.starts_with('.') {
        return false;
    }
    let with_scheme;
    let parsed = if text.contains(':') && !text.contains("://") {
        with_scheme = format!("http://{text}");
        parse_host_and_path(&with_scheme)
    } else {
        parse_host_and_path(text)
    };
    let Some((host, path)) = parsed else { return false };
    if host.starts_with(b".") || host.is_empty() && !path.is_empty() && !path.contains(&b'.') {
        return false;
    }
    let Some(found) = URL.as_ref().and_then(|url| url.captures(text)) else { return false };
    found.name("ip").is_none_or(|ip| {
        let ip = ip.as_str();
        ip.parse::<Ipv6Addr>().is_ok() || ip.parse::<Ipv4Addr>().is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn email_addresses() {
        for (text, expected) in [
            ("ada@example.org", true),
            ("a.b+c@x.example.org.", true),
            ("\"a b\"@example.org", true),
            ("ada@example", false),
            ("ada", false),
            ("a..b@example.org", false),
            ("ada@example.o1", false),
            ("ada@-example.org", false),
            ("ä@exämple.org", true),
            ("", false),
        ] {
            assert_eq!(is_email(text), expected, "{text}");
        }
    }

    #[test]
    fn urls() {
        for (text, expected) in [
            ("https://example.org", true),
            ("example.org/a?b#c", true),
            ("localhost:80", true),
            ("localhost", false),
            ("http://localhost", true),
            ("a b", false),
            ("mailto:ada@example.org", true),
            ("https://example.org/a b", false),
            ("http://[::1]:80/", true),
            ("http://[::g]", false),
            ("ssh://example.org", false),
            (".example.org", false),
        ] {
            assert_eq!(is_url(text), expected, "{text}");
        }
    }
}
