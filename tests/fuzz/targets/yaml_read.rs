//! Reads YAML; the ways to read it agree on whether it can be read and on what it says.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rhumb::value::deep_equal;
use rhumb::yaml;

fuzz_target!(|text: &[u8]| {
    let read = yaml::read(text);
    match (&read, yaml::read_with_positions(text)) {
        (Ok(value), Ok((located, _))) => assert!(deep_equal(value, &located)),
        (Err(error), Err(located)) => assert_eq!(error.to_string(), located.to_string()),
        (read, located) => panic!("{read:?} but {:?} with positions", located.map(|(v, _)| v)),
    }
    for range in yaml::split_documents(text) {
        drop(yaml::skim(&text[range], &["kind", "metadata"]));
    }
    if let Err(error) = read {
        let error = error.within(text, 0);
        yaml::hint(&error, &error.line_text);
    }
});
