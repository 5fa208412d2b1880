use serde_json::{Map, Value as Json, json};

use super::fields::{Field, Fields};

type Object = Map<String, Json>;

/// Returns the strategic merge patch that sets in `live` what `next` has, and takes away what
/// `previous` had and `next` has not. What only `live` has stays.
pub(super) fn three_way(previous: &Json, next: &Json, live: &Json, fields: Fields) -> Json {
    let empty = Object::new();
    let object = |json: &Json| json.as_object().cloned().unwrap_or_default();
    let next = next.as_object().unwrap_or(&empty);
    Json::Object(maps(&object(previous), next, &object(live), fields, false))
}

fn maps(previous: &Object, next: &Object, live: &Object, fields: Fields, retain: bool) -> Object {
    let mut patch = Object::new();
    for (key, value) in next {
        let field = fields.get(key);
        match (live.get(key), value) {
            (Some(Json::Object(live)), Json::Object(next)) if !field.replace => {
                let empty = Object::new();
                let previous = previous.get(key).and_then(Json::as_object).unwrap_or(&empty);
                let inner = maps(previous, next, live, field.below(), field.retain_keys);
                if !inner.is_empty() {
                    patch.insert(key.clone(), Json::Object(inner));
                }
            }
            (Some(Json::Array(live)), Json::Array(next)) if field.key.is_some() => {
                let previous = previous.get(key).and_then(Json::as_array);
                let previous = previous.map_or(&[][..], Vec::as_slice);
                lists(&mut patch, key, [previous, next, live], field);
            }
            (Some(live), next) if live == next => {}
            (_, next) => {
                patch.insert(key.clone(), next.clone());
            }
        }
    }
    for key in previous.keys().filter(|key| !next.contains_key(*key)) {
        patch.insert(key.clone(), Json::Null);
    }
    if retain && !patch.is_empty() {
        let mut keys: Vec<_> =
            next.iter().filter(|(_, value)| !value.is_null()).map(|(key, _)| key.clone()).collect();
        keys.sort();
        patch.insert("$retainKeys".to_owned(), keys.into());
    }
    patch
}

/// Adds the changes of a list that is merged: the previous one, the next, the live one.
fn lists(patch: &mut Object, name: &str, lists: [&[Json]; 3], field: Field) {
    let [previous, next, live] = lists;
    let key = field.key.unwrap_or_default();
    let (mut changes, order, live_order);
    if key.is_empty() {
        let missing = |among: &[Json], item: &&Json| !among.contains(item);
        changes = next.iter().filter(|item| missing(live, item)).cloned().collect::<Vec<_>>();
        let gone: Vec<_> = previous.iter().filter(|item| missing(next, item)).cloned().collect();
        if !gone.is_empty() {
            patch.insert(format!("$deleteFromPrimitiveList/{name}"), gone.into());
        }
        order = next.to_vec();
        live_order = live.iter().filter(|item| next.contains(item)).cloned().collect::<Vec<_>>();
    } else {
        changes = items([previous, next, live], key, field);
        let gone = previous.iter().filter(|old| find(next, key, &old[key]).is_none());
        changes.extend(gone.map(|old| json!({key: old[key], "$patch": "delete"})));
        let keys = |items: &[Json]| -> Vec<Json> {
            let known = items.iter().filter(|item| find(next, key, &item[key]).is_some());
            known.map(|item| json!({key: item[key]})).collect()
        };
        order = keys(next);
        live_order = keys(live);
    }
    if !order.is_empty() && (!changes.is_empty() || order != live_order) {
        patch.insert(format!("$setElementOrder/{name}"), order.into());
    }
    if !changes.is_empty() {
        patch.insert(name.to_owned(), changes.into());
    }
}

/// Returns the changes of the items that a list of maps has or shall have.
fn items(lists: [&[Json]; 3], key: &str, field: Field) -> Vec<Json> {
    let [previous, next, live] = lists;
    let mut changes = Vec::new();
    for (at, item) in next.iter().enumerate() {
        // Two items may have one key, as port 53 of TCP and of UDP: then they go by their order.
        let earlier = next[..at].iter().filter(|other| other[key] == item[key]).count();
        let mut same = live.iter().filter(|other| other[key] == item[key]);
        let (Some(Json::Object(live)), Json::Object(next)) = (same.nth(earlier), item) else {
            changes.push(item.clone());
            continue;
        };
        let empty = Object::new();
        let previous = find(previous, key, &item[key]).and_then(Json::as_object);
        let previous = previous.unwrap_or(&empty);
        let mut change = maps(previous, next, live, field.below(), field.retain_keys);
        if !change.is_empty() {
            change.insert(key.to_owned(), item[key].clone());
            changes.push(Json::Object(change));
        }
    }
    changes
}

fn find<'a>(items: &'a [Json], key: &str, value: &Json) -> Option<&'a Json> {
    items.iter().find(|item| item[key] == *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(previous: Json, next: Json, live: Json) -> Json {
        let wrap = |spec| json!({"apiVersion": "v1", "kind": "Pod", "spec": spec});
        let fields = Fields::of_kind(&wrap(Json::Null)).unwrap();
        let patch = three_way(&wrap(previous), &wrap(next), &wrap(live), fields);
        patch.get("spec").cloned().unwrap_or_default()
    }

    #[test]
    fn items_are_merged_by_key() {
        let web = |image: &str| json!({"name": "web", "image": image});
        let one = json!({"containers": [web("a")]});
        let live = json!({"containers": [web("a"), {"name": "side"}], "nodeName": "n"});
        assert_eq!(pod(one.clone(), one.clone(), live.clone()), Json::Null);
        assert_eq!(
            pod(one.clone(), json!({"containers": [web("b")]}), live.clone()),
            json!({
                "$setElementOrder/containers": [{"name": "web"}],
                "containers": [{"image": "b", "name": "web"}],
            })
        );
        let two = json!({"containers": [web("a"), {"name": "side"}]});
        assert_eq!(
            pod(two.clone(), one, live.clone()),
            json!({
                "$setElementOrder/containers": [{"name": "web"}],
                "containers": [{"name": "side", "$patch": "delete"}],
            })
        );
        let turned = json!({"containers": [{"name": "side"}, web("a")]});
        assert_eq!(
            pod(two, turned, live),
            json!({"$setElementOrder/containers": [{"name": "side"}, {"name": "web"}]})
        );
    }

    #[test]
    fn fields_within_items_leave() {
        let web = |more: Json| {
            let mut item = json!({"name": "web"});
            item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!({"containers": [item]})
        };
        let live = web(json!({"command": ["x"], "tty": true, "stdin": true}));
        assert_eq!(
            pod(web(json!({"command": ["x"], "tty": true})), web(json!({"tty": true})), live),
            json!({
                "$setElementOrder/containers": [{"name": "web"}],
                "containers": [{"name": "web", "command": null}],
            })
        );
    }

    #[test]
    fn one_key_may_be_there_twice() {
        let ports = |name: &str| {
            json!([
                {"containerPort": 53, "protocol": "UDP"},
                {"containerPort": 53, "protocol": "TCP", "name": name},
            ])
        };
        let web = |name: &str| json!({"containers": [{"name": "web", "ports": ports(name)}]});
        assert_eq!(pod(web("a"), web("a"), web("a")), Json::Null);
        let patch = pod(web("a"), web("b"), web("a"));
        assert_eq!(patch["containers"][0]["ports"], json!([{"name": "b", "containerPort": 53}]));
    }

    #[test]
    fn the_other_source_of_a_volume_goes() {
        let volume = |source: &str| json!({"volumes": [{"name": "v", source: {}}]});
        let live = json!({"volumes": [{"name": "v", "configMap": {"defaultMode": 420}}]});
        assert_eq!(
            pod(volume("configMap"), volume("emptyDir"), live),
            json!({
                "$setElementOrder/volumes": [{"name": "v"}],
                "volumes": [{
                    "name": "v", "emptyDir": {}, "configMap": null,
                    "$retainKeys": ["emptyDir", "name"],
                }],
            })
        );
    }

    #[test]
    fn scalars_are_merged_as_a_set() {
        let fields = Fields::of_kind(&json!({"apiVersion": "v1", "kind": "Secret"})).unwrap();
        let with = |finalizers: &[&str]| json!({"metadata": {"finalizers": finalizers}});
        assert_eq!(
            three_way(&with(&["a", "b"]), &with(&["a", "c"]), &with(&["a", "b", "x"]), fields),
            json!({"metadata": {
                "finalizers": ["c"],
                "$deleteFromPrimitiveList/finalizers": ["b"],
                "$setElementOrder/finalizers": ["a", "c"],
            }})
        );
    }

    #[test]
    fn what_was_changed_in_the_cluster_is_set_back_or_left() {
        let spec = |restart: &str| json!({"restartPolicy": restart});
        let live = json!({"restartPolicy": "Never", "hostname": "x"});
        assert_eq!(pod(spec("Always"), spec("Always"), live.clone()), spec("Always"));
        assert_eq!(pod(spec("Never"), spec("Never"), live), Json::Null);
    }
}
