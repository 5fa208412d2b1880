//! Semantic versions as templates see them.

use std::any::Any;

use super::argument::str_arg;
use super::{Failure, Function, Param};
use crate::value::{Kind, Object, Str, Value};
use crate::version::{Constraint, Version};

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "semver",
        params: &[Param::Str],
        rest: None,
        call: |_, args| {
            let version = parse(str_arg(args, 0))?;
            Ok(Value::object(VersionObject { version, pointer: true }))
        },
    },
    Function {
        name: "semverCompare",
        params: &[Param::Str, Param::Str],
        rest: None,
        call: |_, args| {
            let constraint = Constraint::parse(&str_arg(args, 0).to_str_lossy())
                .map_err(|e| Failure::Message(e.to_string()))?;
            Ok(Value::Bool(constraint.matches(&parse(str_arg(args, 1))?)))
        },
    },
];

fn parse(text: &Str) -> std::result::Result<Version, Failure> {
    Version::parse(&text.to_str_lossy()).map_err(|e| Failure::Message(e.to_string()))
}

/// A `*semver.Version`, or the `semver.Version` that the changing methods return.
#[derive(Clone, Debug)]
struct VersionObject {
    version: Version,
    pointer: bool,
}

const METHODS: [&str; 19] = [
    "Compare",
    "Equal",
    "GreaterThan",
    "GreaterThanEqual",
    "IncMajor",
    "IncMinor",
    "IncPatch",
    "LessThan",
    "LessThanEqual",
    "Major",
    "MarshalText",
    "Metadata",
    "Minor",
    "Original",
    "Patch",
    "Prerelease",
    "SetMetadata",
    "SetPrerelease",
    "String",
];

impl Object for VersionObject {
    fn type_name(&self) -> &'static str {
        if self.pointer { "*semver.Version" } else { "semver.Version" }
    }

    fn kind(&self) -> Kind {
        if self.pointer { Kind::Ptr } else { Kind::Struct }
    }

    fn has_method(&self, name: &str) -> bool {
        METHODS.contains(&name)
    }

    fn call(&self, name: &str, args: &[Value]) -> Option<std::result::Result<Value, String>> {
        let own = &self.version;
        let other = || {
            args.first().and_then(|arg| arg.downcast::<VersionObject>()).map_or_else(
                || Err(wrong_type(args.first(), "*semver.Version")),
                |other| Ok(own.cmp(&other.version)),
            )
        };
        let text = || match args.first() {
            Some(Value::Str(text)) => Ok(text.to_str_lossy().into_owned()),
            other => Err(wrong_type(other, "string")),
        };
        let changed = |version: Version| Value::object(VersionObject { version, pointer: false });
        Some(match name {
            "Major" => Ok(Value::Uint64(own.major)),
            "Minor" => Ok(Value::Uint64(own.minor)),
            "Patch" => Ok(Value::Uint64(own.patch)),
            "Prerelease" => Ok(Value::from(own.prerelease.as_str())),
            "Metadata" => Ok(Value::from(own.metadata.as_str())),
            "Original" => Ok(Value::from(own.original())),
            "String" => Ok(Value::from(own.to_string())),
            "MarshalText" => Ok(Value::Bytes(own.to_string().into())),
            "Compare" => other().map(|order| Value::Int(order as i64)),
            "Equal" => other().map(|order| Value::Bool(order.is_eq())),
            "LessThan" => other().map(|order| Value::Bool(order.is_lt())),
            "LessThanEqual" => other().map(|order| Value::Bool(order.is_le())),
            "GreaterThan" => other().map(|order| Value::Bool(order.is_gt())),
            "GreaterThanEqual" => other().map(|order| Value::Bool(order.is_ge())),
            "IncMajor" => own.next_major().map(changed).ok_or_else(|| overflow("major")),
            "IncMinor" => own.next_minor().map(changed).ok_or_else(|| overflow("minor")),
            "IncPatch" => own.next_patch().map(changed).ok_or_else(|| overflow("patch")),
            "SetPrerelease" => text().and_then(|text| {
                own.with_prerelease(&text).map(changed).map_err(|e| e.to_string())
            }),
            "SetMetadata" => text()
                .and_then(|text| own.with_metadata(&text).map(changed).map_err(|e| e.to_string())),
            _ => return None,
        })
    }

    fn to_text(&self) -> Option<Str> {
        Some(self.version.to_string().into())
    }

    /// Go's JSON encoder writes a version as its text.
    fn to_plain(&self) -> Value {
        Value::from(self.version.to_string())
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<VersionObject>().is_some_and(|other| {
            self.pointer == other.pointer
                && self.version == other.version
                && self.version.metadata == other.version.metadata
                && self.version.original() == other.version.original()
        })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn overflow(part: &str) -> String {
    format!("{part} version increment would overflow uint64")
}

fn wrong_type(got: Option<&Value>, expected: &str) -> String {
    let got = got.map_or("<nil>", Value::type_name);
    format!("wrong type for value; expected {expected}; got {got}")
}
