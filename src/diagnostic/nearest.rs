/// Returns the candidate that `word` is most likely a misspelling of. `None` when none is close.
///
/// Close is at most one edit for each three characters begun; letters of another case count for
/// nothing. Of equally close ones the first wins.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = fold(word);
    let length = folded.chars().count();
    candidates
        .into_iter()
        .filter(|candidate| *candidate != word && candidate.len() < 4 * MAX_LENGTH)
        .map(|candidate| {
            let other = fold(candidate);
            let longer = length.max(other.chars().count());
            (strsim::osa_distance(&folded, &other), longer, candidate)
        })
        .filter(|(distance, longer, _)| {
            *longer <= MAX_LENGTH && distance < longer && *distance <= longer.div_ceil(3)
        })
        .min_by_key(|(distance, ..)| *distance)
        .map(|(.., candidate)| candidate)
}

/// Longer words, in characters, are no words.
const MAX_LENGTH: usize = 80;

/// Drops what people mix up: case and the ways to join words.
fn fold(word: &str) -> String {
    let word = word.chars().take(2 * MAX_LENGTH);
    word.filter(|c| !matches!(c, '-' | '_')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn takes_the_closest_if_it_is_close() {
        let keys = ["image", "imagePullPolicy", "ingress", "replicaCount", "tls"];
        for (word, expected) in [
            ("imge", Some("image")),
            ("igmae", Some("image")),
            ("Image", Some("image")),
            ("image_pull_policy", Some("imagePullPolicy")),
            ("replicas", None),
            ("replicasCount", Some("replicaCount")),
            ("tsl", Some("tls")),
            ("x", None),
            ("service", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, keys), expected, "{word}");
        }
    }
}
