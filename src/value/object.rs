use std::any::Any;
use std::fmt;

use super::{Kind, Str, Value};

/// A Go struct, pointer or named type that templates can see (`.Capabilities`, a certificate,
/// a semantic version, a time).
pub trait Object: fmt::Debug + Send + Sync {
    /// Returns the Go type as `%T` prints it.
    fn type_name(&self) -> &'static str;

    /// Returns the Go kind as `kindOf` prints it.
    fn kind(&self) -> Kind;

    /// Returns the exported fields in declaration order. The default has none.
    fn fields(&self) -> Vec<(&'static str, Value)> {
        Vec::new()
    }

    /// Calls a method. `None` when there is no method of that name.
    ///
    /// `Some(Err(..))` holds the message of an error the method returned.
    fn call(&self, name: &str, args: &[Value]) -> Option<Result<Value, String>> {
        let _ = (name, args);
        None
    }

    /// Returns whether a method of that name exists, without calling it.
    fn has_method(&self, name: &str) -> bool {
        let _ = name;
        false
    }

    /// Returns the text of the Go `String()` method, if the type has one.
    fn to_text(&self) -> Option<Str> {
        None
    }

    /// Returns the text of a `String()` method that only the pointer type has: an action that
    /// prints the object in its place uses it, a function that gets a copy does not.
    fn to_text_in_place(&self) -> Option<Str> {
        self.to_text()
    }

    /// Returns the fields as `%v` prints them, unexported ones included. The default has the
    /// exported ones.
    fn printed_fields(&self) -> Vec<(&'static str, Value)> {
        self.fields()
    }

    /// Returns the fields as Go's JSON encoder orders and names them, where that is not the
    /// sorted order of [`Object::to_plain`]'s keys.
    fn json_fields(&self) -> Option<Vec<(&'static str, Value)>> {
        None
    }

    /// Returns how many arguments a method takes, where that is checked before the call.
    fn arity(&self, method: &str) -> Option<usize> {
        let _ = method;
        None
    }

    /// Returns what Go's JSON encoder would see in place of this object.
    ///
    /// The default is a map of the exported fields.
    fn to_plain(&self) -> Value {
        Value::Map(super::Map::from_pairs(self.fields()))
    }

    /// Returns whether two objects are deeply equal. The default compares types and fields.
    fn equals(&self, other: &dyn Object) -> bool {
        self.type_name() == other.type_name()
            && self
                .fields()
                .iter()
                .zip(other.fields().iter())
                .all(|(a, b)| a.0 == b.0 && super::deep_equal(&a.1, &b.1))
    }

    /// Returns the number behind a named integer type (`time.Month`). The default has none.
    fn integer(&self) -> Option<i64> {
        None
    }

    /// Returns whether the object counts as false in `if`. Structs never do.
    fn is_falsy(&self) -> bool {
        false
    }

    /// Gives access to the concrete type.
    fn as_any(&self) -> &dyn Any;
}
