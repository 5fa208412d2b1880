//! Slash-separated paths, by the rules of Go's `path` package.

/// Returns the last element: `.` of nothing, `/` of slashes only.
pub(crate) fn base(path: &[u8]) -> &[u8] {
    if path.is_empty() {
        return b".";
    }
    let end = path.iter().rposition(|b| *b != b'/').map_or(0, |last| last + 1);
    if end == 0 {
        return b"/";
    }
    let start = path[..end].iter().rposition(|b| *b == b'/').map_or(0, |slash| slash + 1);
    &path[start..end]
}

/// Returns all but the last element, cleaned.
pub(crate) fn dir(path: &[u8]) -> Vec<u8> {
    clean(&path[..path.iter().rposition(|b| *b == b'/').map_or(0, |slash| slash + 1)])
}

/// Returns the shortest path that means the same without looking at any file.
pub(crate) fn clean(path: &[u8]) -> Vec<u8> {
    let rooted = path.starts_with(b"/");
    let mut kept: Vec<&[u8]> = Vec::new();
    for element in path.split(|b| *b == b'/') {
        match element {
            b"" | b"." => {}
            b".." if kept.last().is_some_and(|last| *last != b"..") => {
                kept.pop();
            }
            b".." if rooted => {}
            _ => kept.push(element),
        }
    }
    let joined = kept.join(&b'/');
    match (rooted, joined.is_empty()) {
        (true, _) => [b"/", joined.as_slice()].concat(),
        (false, true) => b".".to_vec(),
        (false, false) => joined,
    }
}

/// Returns the last element from its last dot on.
pub(crate) fn ext(path: &[u8]) -> &[u8] {
    let start = path.iter().rposition(|b| *b == b'/').map_or(0, |slash| slash + 1);
    let last = &path[start..];
    last.iter().rposition(|b| *b == b'.').map_or(&[], |dot| &last[dot..])
}
