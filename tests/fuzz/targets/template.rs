//! Parses and executes a template; whatever it says, there is an output or an error.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rhumb::template::function::Env;
use rhumb::template::gotmpl::{Executor, TemplateSet};
use rhumb::value::{List, Map, Str, Value};

/// Functions that are slow on purpose.
const SLOW: &[&str] = &["gen", "bcrypt", "htpasswd", "derive", "getHostByName", "buildCustom"];

fn data() -> Value {
    let image = Map::from_pairs([("tag", Value::str("1.27")), ("port", Value::Float(80.0))]);
    let list = List::new(vec![Value::Int(1), Value::str("a"), Value::Nil]);
    let values = Map::from_pairs([
        ("image", Value::Map(image)),
        ("list", Value::List(list)),
        ("on", Value::Bool(true)),
        ("text", Value::str("{{ .Values.on }}")),
    ]);
    Value::Map(Map::from_pairs([("Values", Value::Map(values))]))
}

fuzz_target!(|text: &[u8]| {
    if let Ok(text) = std::str::from_utf8(text)
        && SLOW.iter().any(|name| text.contains(name))
    {
        return;
    }
    let mut set = TemplateSet::default();
    if set.parse(&Str::from("c/templates/x.yaml"), &Str::from(text)).is_ok() {
        let env = Env::new();
        drop(Executor::new(&set, &env).execute("c/templates/x.yaml", data()));
    }
});
