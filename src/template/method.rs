//! Methods of the built-in objects' types: `.Values.Table`, `.Files.Get`, `.APIVersions.Has`.
//!
//! A row is a [`Function`] whose first argument is the receiver; its parameters are those after it.

use crate::glob::Glob;
use crate::template::function::{DURATION_METHODS, Failure, Function, Param, Result};
use crate::value::{List, ListType, Map, MapType, Str, Value};

/// Returns the method `name` of the value's type. A method hides a map key of the same name.
#[must_use]
pub fn find(receiver: &Value, name: &[u8]) -> Option<&'static Function> {
    let rows: &[Function] = match receiver {
        Value::Map(map) => match map.map_type() {
            MapType::Values => VALUES,
            MapType::Files => FILES,
            _ => return None,
        },
        Value::List(list) if list.list_type() == ListType::Versions => VERSIONS,
        Value::Duration(_) => DURATION_METHODS,
        _ => return None,
    };
    if !name.first()?.is_ascii_uppercase() {
        return None;
    }
    rows.iter().find(|row| row.name.as_bytes() == name)
}

const VALUES: &[Function] = &[
    Function { name: "AsMap", params: &[], rest: None, call: |_, args| Ok(as_map(&args[0])) },
    Function {
        name: "Table",
        params: &[Param::Str],
        rest: None,
        call: |_, args| table(&args[0], text(args, 1)),
    },
    Function {
        name: "PathValue",
        params: &[Param::Str],
        rest: None,
        call: |_, args| path_value(&args[0], text(args, 1)),
    },
    Function { name: "YAML", params: &[], rest: None, call: |_, args| yaml(&args[0]) },
];

const FILES: &[Function] = &[
    Function {
        name: "Get",
        params: &[Param::Str],
        rest: None,
        call: |_, args| Ok(Value::Str(content(&args[0], text(args, 1)))),
    },
    Function {
        name: "GetBytes",
        params: &[Param::Str],
        rest: None,
        call: |_, args| Ok(Value::Bytes(content(&args[0], text(args, 1)))),
    },
    Function {
        name: "Glob",
        params: &[Param::Str],
        rest: None,
        call: |_, args| Ok(glob(&args[0], text(args, 1))),
    },
    Function {
        name: "Lines",
        params: &[Param::Str],
        rest: None,
        call: |_, args| Ok(lines(&content(&args[0], text(args, 1)))),
    },
    Function {
        name: "AsConfig",
        params: &[],
        rest: None,
        call: |_, args| Ok(as_yaml(&args[0], Value::Str)),
    },
    Function {
        name: "AsSecrets",
        params: &[],
        rest: None,
        call: |_, args| {
            use base64::Engine as _;
            let encode = |data: Str| {
                Value::from(base64::engine::general_purpose::STANDARD.encode(data.as_bytes()))
            };
            Ok(as_yaml(&args[0], encode))
        },
    },
];

const VERSIONS: &[Function] = &[Function {
    name: "Has",
    params: &[Param::Str],
    rest: None,
    call: |_, args| {
        let wanted = text(args, 1);
        let found = args[0]
            .as_list()
            .is_some_and(|list| list.items().iter().any(|v| v.as_string() == Some(wanted)));
        Ok(Value::Bool(found))
    },
}];

/// The evaluator has checked that the argument is a string.
fn text(args: &[Value], index: usize) -> &Str {
    static EMPTY: std::sync::LazyLock<Str> = std::sync::LazyLock::new(Str::default);
    args.get(index).and_then(Value::as_string).unwrap_or(&EMPTY)
}

/// Returns an alias typed as a plain map.
fn as_map(receiver: &Value) -> Value {
    let Some(map) = receiver.as_map() else {
        return Value::Map(Map::new());
    };
    Value::Map(map.with_type(MapType::Any))
}

fn no_table(name: &Str) -> Failure {
    Failure::Message(format!(
        "{} is not a table",
        crate::template::gotmpl::quote::quote(name.as_bytes())
    ))
}

fn table_step(receiver: &Value, name: &[u8]) -> std::result::Result<Value, Failure> {
    let shown = Str::from(name);
    match receiver.as_map().and_then(|map| map.get(name)) {
        Some(Value::Map(map)) => Ok(Value::Map(map)),
        _ => Err(no_table(&shown)),
    }
}

/// `Table "a.b"`: the map at a dotted path, typed `common.Values`.
fn table(receiver: &Value, path: &Str) -> Result {
    let mut current = receiver.clone();
    for step in path.as_bytes().split(|b| *b == b'.') {
        current = table_step(&current, step)?;
    }
    match current {
        Value::Map(map) => Ok(Value::Map(map.with_type(MapType::Values))),
        _ => Err(no_table(path)),
    }
}

/// `PathValue "a.b"`: the value at a dotted path, which must not be a map.
fn path_value(receiver: &Value, path: &Str) -> Result {
    let no_value = || {
        Failure::Message(format!(
            "{} is not a value",
            crate::template::gotmpl::quote::quote(path.as_bytes())
        ))
    };
    if path.is_empty() {
        return Err("YAML path cannot be empty".into());
    }
    let bytes = path.as_bytes();
    let (parent, key) = match memchr::memrchr(b'.', bytes) {
        Some(at) => (Some(&bytes[..at]), &bytes[at + 1..]),
        None => (None, bytes),
    };
    let mut current = receiver.clone();
    if let Some(parent) = parent {
        for step in parent.split(|b| *b == b'.') {
            current = table_step(&current, step).map_err(|_| no_value())?;
        }
    }
    match current.as_map().and_then(|map| map.get(key)) {
        Some(Value::Map(_)) | None => Err(Failure::Message(format!(
            "{} is not a value",
            crate::template::gotmpl::quote::quote(key)
        ))),
        Some(value) => Ok(value),
    }
}

fn yaml(receiver: &Value) -> Result {
    let mut text =
        crate::yaml::to_yaml(receiver).map_err(|error| Failure::Message(error.to_string()))?;
    text.push(b'\n');
    Ok(Value::Str(text.into()))
}

fn content(receiver: &Value, name: &Str) -> Str {
    match receiver.as_map().and_then(|map| map.get(name)) {
        Some(Value::Bytes(data)) => data,
        _ => Str::default(),
    }
}

fn glob(receiver: &Value, pattern: &Str) -> Value {
    // A pattern that does not compile matches everything, as in Helm.
    let matcher = Glob::compile(pattern.as_bytes(), Some(b'/'))
        .or_else(|_| Glob::compile(b"**", Some(b'/')))
        .ok();
    let entries = receiver.as_map().map(Map::entries).unwrap_or_default();
    let chosen = entries
        .into_iter()
        .filter(|(name, _)| matcher.as_ref().is_none_or(|m| m.matches(name.as_bytes())))
        .collect();
    Value::Map(Map::open(MapType::Files, chosen))
}

fn lines(data: &Str) -> Value {
    let bytes = data.as_bytes();
    if bytes.is_empty() {
        return Value::List(List::typed(ListType::Strings, Vec::new()));
    }
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    Value::List(List::strings(bytes.split(|b| *b == b'\n')))
}

/// Prints the files as a YAML map from base name to content.
fn as_yaml(receiver: &Value, encode: impl Fn(Str) -> Value) -> Value {
    let entries = receiver.as_map().map(Map::entries).unwrap_or_default();
    let map = Map::from_pairs(entries.into_iter().map(|(path, data)| {
        let bytes = path.as_bytes();
        let base = memchr::memrchr(b'/', bytes).map_or(bytes, |at| &bytes[at + 1..]);
        let data = match data {
            Value::Bytes(data) => data,
            _ => Str::default(),
        };
        (Str::from(base), encode(data))
    }));
    let text = crate::yaml::to_yaml(&Value::Map(map)).unwrap_or_default();
    Value::Str(text.into())
}
