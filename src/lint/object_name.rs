//! Which names Kubernetes takes for objects of a kind.

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SERVICE: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

/// Refuses a name that the API server would refuse for the kind.
///
/// # Errors
/// Helm's text, with every reason.
pub(super) fn check(kind: &str, name: &str) -> Result<(), String> {
    let reasons = match kind.to_lowercase().as_str() {
        "service" => label(name, SERVICE, |c| c.is_ascii_lowercase()),
        "namespace" => namespace(name),
        "certificatesigningrequest" => Vec::new(),
        "role" | "clusterrole" | "rolebinding" | "clusterrolebinding" => path_segment(name),
        _ => subdomain(name),
    };
    if reasons.is_empty() {
        return Ok(());
    }
    let quoted = go_quoted(name);
    let mut invalid: Vec<String> = Vec::new();
    for reason in reasons {
        let text = format!("metadata.name: Invalid value: {quoted}: {reason}");
        if !invalid.contains(&text) {
            invalid.push(text);
        }
    }
    let all = match invalid.as_slice() {
        [one] => one.clone(),
        all => format!("[{}]", all.join(", ")),
    };
    Err(format!("object name does not conform to Kubernetes naming requirements: {quoted}: {all}"))
}

fn go_quoted(text: &str) -> String {
    let mut out = Vec::new();
    crate::go::push_quoted(&mut out, text.as_bytes(), false);
    String::from_utf8_lossy(&out).into_owned()
}

fn too_long(name: &str, limit: usize) -> Vec<String> {
    if name.len() <= limit {
        return Vec::new();
    }
    vec![format!("must be no more than {limit} characters")]
}

fn is_inner(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit()
}

fn is_label(text: &str, first: fn(char) -> bool) -> bool {
    text.starts_with(first)
        && text.ends_with(is_inner)
        && text.chars().all(|c| is_inner(c) || c == '-')
}

fn label(name: &str, reason: &str, first: fn(char) -> bool) -> Vec<String> {
    let mut reasons = too_long(name, 63);
    if !is_label(name, first) {
        reasons.push(reason.to_owned());
    }
    reasons
}

fn namespace(name: &str) -> Vec<String> {
    let is_subdomain = name.split('.').all(|label| is_label(label, is_inner));
    let reason = if is_subdomain { "must not contain dots" } else { LABEL };
    label(name, reason, is_inner)
}

fn subdomain(name: &str) -> Vec<String> {
    let mut reasons = too_long(name, 253);
    if !name.split('.').all(|label| is_label(label, is_inner)) {
        reasons.push(SUBDOMAIN.to_owned());
    }
    reasons
}

fn path_segment(name: &str) -> Vec<String> {
    if matches!(name, "." | "..") {
        return vec![format!("may not be '{name}'")];
    }
    let forbidden = ["/", "%"].into_iter().filter(|sign| name.contains(sign));
    forbidden.map(|sign| format!("may not contain '{sign}'")).collect()
}
