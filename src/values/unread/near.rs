//! Names that look like another one.

/// Returns the candidate that is most like `wanted`; `None` when none is alike.
///
/// A candidate that ends with all of `wanted` behind a dot is the one. Else it is the one with the
/// fewest changes of a letter, as long as those are few for the length; capitals, `-` and `_` do
/// not count.
#[must_use]
pub fn nearest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    ranked(wanted, candidates).into_iter().next()
}

/// Returns the candidates that are like `wanted` by the measure of [`nearest`], the most alike
/// first.
#[must_use]
pub fn ranked<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let folded = fold(wanted);
    let most = if folded.len() <= 4 { 1 } else { (folded.len() / 4).max(2) };
    let rank = |candidate: &str| -> Option<(usize, usize)> {
        if candidate.len() > wanted.len()
            && let Some(head) = candidate.strip_suffix(wanted)
            && head.ends_with('.')
        {
            return Some((0, head.len()));
        }
        if candidate.len().abs_diff(wanted.len()) > most + MAX_SIGNS {
            return None;
        }
        let letters = fold(candidate);
        if letters.len().abs_diff(folded.len()) > most {
            return None;
        }
        let changes = distance(&folded, &letters);
        (changes <= most).then_some((1 + changes, candidate.len()))
    };
    let ranked = candidates.into_iter().filter(|candidate| *candidate != wanted);
    let mut ranked: Vec<_> =
        ranked.filter_map(|candidate| Some((rank(candidate)?, candidate))).collect();
    ranked.sort_unstable();
    ranked.into_iter().map(|(_, candidate)| candidate).collect()
}

/// How many `-` and `_` a name may have more than another and still be like it.
const MAX_SIGNS: usize = 6;

fn fold(text: &str) -> Vec<char> {
    text.chars().filter(|c| !matches!(c, '-' | '_')).flat_map(char::to_lowercase).collect()
}

/// Returns how many letters have to be added, dropped, changed or swapped with their neighbour.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut cost = (last[j] + usize::from(x != y)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                cost = cost.min(before[j - 1] + 1);
            }
            row.push(cost);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_is_alike() {
        let known =
            ["image.tag", "image.repository", "web.port", "replicaCount", "nodeSelector", "a.b"];
        let cases = [
            ("imge.tag", Some("image.tag")),
            ("image.tga", Some("image.tag")),
            ("image.repositroy", Some("image.repository")),
            ("port", Some("web.port")),
            ("replicacount", Some("replicaCount")),
            ("replica_count", Some("replicaCount")),
            ("node-selector", Some("nodeSelector")),
            ("replicas", None),
            ("image.tag", None),
            ("a.c", Some("a.b")),
            ("x.y", None),
        ];
        for (wanted, found) in cases {
            assert_eq!(nearest(wanted, known), found, "{wanted}");
        }
    }
}
