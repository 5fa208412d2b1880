//! Runs tables of templates with the answers that Helm 4.3.1 gave to them.

use super::Env;
use crate::template::gotmpl::{Executor, Stop, TemplateSet};
use crate::value::{Map, Str, Value};

/// Renders a template without data; the text of an error stands after `error: `.
fn render(env: &Env, template: &str) -> String {
    let mut set = TemplateSet::default();
    if let Err(error) = set.parse(&Str::from("t"), &Str::from(template)) {
        return format!("error: {error}");
    }
    match Executor::new(&set, env).execute("t", Value::Map(Map::new())) {
        Ok(output) => String::from_utf8_lossy(&output.text).into_owned(),
        Err(Stop::Failed(error)) => {
            let message = error.message;
            let cause = message.rsplit("error calling ").next().unwrap_or(&message);
            format!("error: {cause}")
        }
        Err(Stop::Frozen) => "frozen".to_owned(),
    }
}

/// Checks every template of a table against its answer.
pub(super) fn check(table: &[(&str, &str)]) {
    check_with(&Env::new(), table);
}

/// As [`check`], in a given environment.
pub(super) fn check_with(env: &Env, table: &[(&str, &str)]) {
    let wrong: Vec<String> = table
        .iter()
        .map(|(template, expected)| (template, expected, render(env, template)))
        .filter(|(_, expected, got)| *expected != got)
        .map(|(template, expected, got)| format!("{template}\n  want {expected:?}\n  got  {got:?}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
