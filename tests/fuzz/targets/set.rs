//! Sets values by arguments of the `--set` family.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rhumb::value::Map;
use rhumb::values::{ValuePath, ValueSources};

fuzz_target!(|text: &str| {
    let sources = |set: fn(&mut ValueSources) -> &mut Vec<String>| {
        let mut sources = ValueSources::default();
        set(&mut sources).extend(text.split('\0').map(str::to_owned));
        drop(sources.read(&mut std::io::empty()));
    };
    sources(|sources| &mut sources.set);
    sources(|sources| &mut sources.set_string);
    sources(|sources| &mut sources.set_json);
    sources(|sources| &mut sources.set_literal);
    if let Ok(path) = ValuePath::parse(text) {
        drop(ValuePath::parse(&path.to_string()));
        assert!(path.0.is_empty() || path.find(&Map::new()).is_none());
    }
});
