use serde_json::{Map, Value as Json};

/// Returns the JSON merge patch from one object to another.
pub(super) fn two_way(from: &Json, to: &Json) -> Json {
    let (Json::Object(from), Json::Object(to)) = (from, to) else { return to.clone() };
    let mut patch = changes(from, to);
    for key in from.keys().filter(|key| !to.contains_key(*key)) {
        patch.insert(key.clone(), Json::Null);
    }
    below(&mut patch, from, to, two_way);
    Json::Object(patch)
}

/// Returns the JSON merge patch that sets what `to` has, and leaves what only `from` has.
pub(super) fn additions(to: &Json, from: &Json) -> Json {
    let (Json::Object(from), Json::Object(to)) = (from, to) else { return to.clone() };
    let mut patch = changes(from, to);
    below(&mut patch, from, to, |from, to| additions(to, from));
    Json::Object(patch)
}

/// Returns the fields that are new or no maps on both sides, and differ.
fn changes(from: &Map<String, Json>, to: &Map<String, Json>) -> Map<String, Json> {
    let differs = |key: &str, value: &Json| match from.get(key) {
        None => true,
        Some(Json::Object(_)) if value.is_object() => false,
        Some(old) => old != value,
    };
    let fields = to.iter().filter(|(key, value)| differs(key, value));
    fields.map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Adds what differs within the maps that both sides have.
fn below(
    patch: &mut Map<String, Json>,
    from: &Map<String, Json>,
    to: &Map<String, Json>,
    differ: fn(&Json, &Json) -> Json,
) {
    for (key, value) in to {
        let Some(old @ Json::Object(_)) = from.get(key) else { continue };
        if value.is_object() {
            let inner = differ(old, value);
            if inner.as_object().is_some_and(|inner| !inner.is_empty()) {
                patch.insert(key.clone(), inner);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn two_way_patches() {
        for (from, to, expected) in [
            (json!({"a": 1}), json!({"a": 1}), json!({})),
            (json!({"a": 1, "b": 2}), json!({"a": 1}), json!({"b": null})),
            (
                json!({"a": {"b": 1, "c": 2}}),
                json!({"a": {"b": 3}}),
                json!({"a": {"b": 3, "c": null}}),
            ),
            (json!({"a": [1, 2]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!({"a": {"b": 1}}), json!({"a": "x"}), json!({"a": "x"})),
            (json!({}), json!({"a": {"b": {}}}), json!({"a": {"b": {}}})),
        ] {
            assert_eq!(two_way(&from, &to), expected, "{from} {to}");
        }
    }

    #[test]
    fn additions_take_nothing_away() {
        let live = json!({"spec": {"a": 1, "b": 2}, "status": {}});
        let next = json!({"spec": {"a": 3, "c": 4}});
        assert_eq!(additions(&next, &live), json!({"spec": {"a": 3, "c": 4}}));
        assert_eq!(additions(&json!({"spec": {"b": 2}}), &live), json!({}));
    }
}
