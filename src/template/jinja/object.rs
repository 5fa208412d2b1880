//! Maps, lists and objects of Go as Jinja sees them: nothing is copied until it is looked at.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{DynObject, Enumerator, Object, ObjectRepr};
use minijinja::{Error, ErrorKind, State, Value as Jinja};

use super::context::Scope;
use super::convert::to_jinja;
use super::function;
use crate::template::method;
use crate::value::{self, List, Map, MapType, Value};

/// How the keys of a map are called in Jinja.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    /// As they are.
    Keys,
    /// Those of fields in Go: `IsUpgrade` is `is_upgrade`.
    Fields,
    /// As they are; what is not there, or null, is [`Missing`].
    Optional,
}

/// What stands for a value that is not there, or is null, in a map of optional values: false,
/// empty, nothing in a text and null as a value.
#[derive(Debug, Default)]
pub(super) struct Missing {
    /// Whether what is looked for in it is missing too, and no mistake.
    pub(super) is_deep: bool,
}

impl Object for Missing {
    fn get_value(self: &Arc<Self>, _: &Jinja) -> Option<Jinja> {
        self.is_deep.then(|| Jinja::from_object(Missing { is_deep: true }))
    }

    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Iterable
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Empty
    }

    fn is_true(self: &Arc<Self>) -> bool {
        false
    }

    fn render(self: &Arc<Self>, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

/// Returns whether a value stands for one that is not there.
pub(super) fn is_missing(value: &Jinja) -> bool {
    value.as_object().is_some_and(|object| inner::<Missing>(object).is_some())
}

/// Returns whether a value is one of optional values.
pub(super) fn is_optional(value: &Jinja) -> bool {
    let Some(object) = value.as_object() else { return false };
    inner::<Missing>(object).is_some()
        || inner::<MapObject>(object).is_some_and(|map| map.names == Names::Optional)
        || inner::<ListObject>(object).is_some_and(|list| list.names == Names::Optional)
}

/// Returns the same map or list with values that may be missing, at every depth.
pub(super) fn optional(value: &Jinja) -> Jinja {
    if value.is_undefined() || is_missing(value) {
        return Jinja::from_object(Missing { is_deep: true });
    }
    go_value(value).map_or_else(|| value.clone(), |value| to_jinja(&value, Names::Optional))
}

/// Returns the name of a field of Go in Jinja.
pub(in crate::template) fn snake_case(name: &str) -> String {
    snake(name).collect()
}

fn snake(name: &str) -> impl Iterator<Item = char> {
    let bytes = name.as_bytes();
    name.char_indices().flat_map(move |(i, c)| {
        let after_lower = i > 0 && bytes[i - 1].is_ascii_lowercase();
        let before_lower = i > 0 && bytes.get(i + 1).is_some_and(u8::is_ascii_lowercase);
        let begins_word = c.is_ascii_uppercase() && (after_lower || before_lower);
        begins_word.then_some('_').into_iter().chain([c.to_ascii_lowercase()])
    })
}

/// Returns the name of a method of Go: `as_config` is `AsConfig`.
fn camel_case(name: &str) -> String {
    name.split('_')
        .map(|word| {
            let mut chars = word.chars();
            let first = chars.next().map(|c| c.to_ascii_uppercase());
            first.into_iter().chain(chars).collect::<String>()
        })
        .collect()
}

/// A map.
pub(super) struct MapObject {
    map: Map,
    names: Names,
}

impl MapObject {
    pub(super) fn new(map: Map, names: Names) -> Self {
        // Annotations are data.
        let names = if map.map_type() == MapType::Strings { Names::Keys } else { names };
        MapObject { map, names }
    }

    fn inner(&self) -> Names {
        if self.map.map_type() == MapType::Files { Names::Keys } else { self.names }
    }
}

impl fmt::Debug for MapObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&value::to_text(&Value::Map(self.map.clone())).to_str_lossy())
    }
}

impl Object for MapObject {
    fn get_value(self: &Arc<Self>, key: &Jinja) -> Option<Jinja> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Jinja> {
        let value = match self.names {
            Names::Keys => self.map.get(unescaped(key).as_ref()),
            Names::Optional => {
                let value = self.map.get(unescaped(key).as_ref()).unwrap_or(Value::Nil);
                return Some(to_jinja(&value, Names::Optional));
            }
            Names::Fields => self.map.with(|entries| {
                let field = entries.peek_all().find(|(name, _)| {
                    name.as_str().is_some_and(|name| snake(name).eq(key.chars()))
                });
                field.map(|(_, value)| value.clone())
            }),
        };
        value.map(|value| to_jinja(&value, self.inner()))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let keys = self.map.keys().into_iter().map(|key| match self.names {
            Names::Keys | Names::Optional => super::convert::string(&key.to_str_lossy()),
            Names::Fields => Jinja::from(snake_case(&key.to_str_lossy())),
        });
        Enumerator::Values(keys.collect())
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.map.len())
    }

    fn is_true(self: &Arc<Self>) -> bool {
        !self.map.is_empty()
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        name: &str,
        args: &[Jinja],
    ) -> Result<Jinja, Error> {
        if self.map.map_type() != MapType::Files {
            return Err(Error::from(ErrorKind::UnknownMethod));
        }
        call_go(&Value::Map(self.map.clone()), name, args)
    }
}

fn unescaped(key: &str) -> std::borrow::Cow<'_, str> {
    match super::mark::find(key) {
        Some(_) => key.replace("\u{F0000}\u{F0001}", "\u{F0000}").into(),
        None => key.into(),
    }
}

/// Calls a method of Go's.
fn call_go(receiver: &Value, name: &str, args: &[Jinja]) -> Result<Jinja, Error> {
    let Some(row) = method::find(receiver, camel_case(name).as_bytes()) else {
        return Err(Error::from(ErrorKind::UnknownMethod));
    };
    function::call_row(row, name, Some(receiver.clone()), args)
}

/// A list.
pub(super) struct ListObject {
    list: List,
    names: Names,
}

impl ListObject {
    pub(super) fn new(list: List, names: Names) -> Self {
        ListObject { list, names }
    }
}

impl fmt::Debug for ListObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&value::to_text(&Value::List(self.list.clone())).to_str_lossy())
    }
}

impl Object for ListObject {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Jinja) -> Option<Jinja> {
        let value = self.list.get(key.as_usize()?)?;
        Some(to_jinja(&value, self.names))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.list.len())
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        name: &str,
        args: &[Jinja],
    ) -> Result<Jinja, Error> {
        call_go(&Value::List(self.list.clone()), name, args)
    }
}

/// An object with fields and methods.
pub(super) struct GoObject {
    object: Arc<dyn value::Object>,
}

impl GoObject {
    pub(super) fn new(object: Arc<dyn value::Object>) -> Self {
        GoObject { object }
    }
}

impl fmt::Debug for GoObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.object.to_text_in_place();
        let text = text.unwrap_or_else(|| value::to_text(&Value::Object(Arc::clone(&self.object))));
        f.write_str(&text.to_str_lossy())
    }
}

impl Object for GoObject {
    fn get_value(self: &Arc<Self>, key: &Jinja) -> Option<Jinja> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Jinja> {
        let fields = self.object.fields();
        let field = fields.into_iter().find(|(name, _)| snake_case(name) == key);
        if let Some((_, value)) = field {
            return Some(to_jinja(&value, Names::Fields));
        }
        let value = self.object.call(&camel_case(key), &[])?.ok()?;
        Some(to_jinja(&value, Names::Fields))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let names = self.object.fields().into_iter().map(|(name, _)| Jinja::from(snake_case(name)));
        Enumerator::Values(names.collect())
    }

    fn is_true(self: &Arc<Self>) -> bool {
        !self.object.is_falsy()
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

fn inner<T: 'static>(object: &DynObject) -> Option<&T> {
    object.downcast_ref()
}

/// Returns the value of Go's behind one of Jinja's.
pub(super) fn go_value(value: &Jinja) -> Option<Value> {
    let object = value.as_object()?;
    if let Some(map) = inner::<MapObject>(object) {
        return Some(Value::Map(map.map.clone()));
    }
    if let Some(list) = inner::<ListObject>(object) {
        return Some(Value::List(list.list.clone()));
    }
    if inner::<Missing>(object).is_some() {
        return Some(Value::Nil);
    }
    if let Some(chart) = inner::<Scope>(object) {
        return Some(Value::Map(chart.root().clone()));
    }
    inner::<GoObject>(object).map(|object| Value::Object(Arc::clone(&object.object)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_habits_of_each_side() {
        for (go, jinja) in [
            ("IsUpgrade", "is_upgrade"),
            ("APIVersion", "api_version"),
            ("APIVersions", "api_versions"),
            ("KubeVersion", "kube_version"),
            ("URL", "url"),
            ("AppVersion", "app_version"),
            ("ImportValues", "import_values"),
            ("Name", "name"),
            ("GoVersion", "go_version"),
            ("KubeClientVersion", "kube_client_version"),
        ] {
            assert_eq!(snake_case(go), jinja);
        }
        assert_eq!(camel_case("as_config"), "AsConfig");
    }
}
