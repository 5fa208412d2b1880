//! The engine with all that templates can call, made once.

use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Rest;
use minijinja::{AutoEscape, Environment, Error, State, UndefinedBehavior, Value as Jinja};

use super::{call, caught, library, module, optional, prepare, session, word, wrap};

/// How many instructions a file may execute, those of its macros included.
const MAX_STEPS: u64 = 10_000_000;

/// How deep macros and loops may nest; a macro counts four times.
const MAX_DEPTH: usize = 2000;

static BASE: LazyLock<Environment<'static>> = LazyLock::new(build);

/// Returns an environment without templates.
pub(super) fn environment() -> Environment<'static> {
    BASE.clone()
}

fn build() -> Environment<'static> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_auto_escape_callback(|_| AutoEscape::None);
    env.set_debug(true);
    env.set_fuel(Some(MAX_STEPS));
    env.set_recursion_limit(MAX_DEPTH);
    if let Ok(syntax) = SyntaxConfig::builder().keep_trailing_newline(true).build() {
        env.set_syntax(syntax);
    }
    env.set_formatter(|out, _, value| caught::print(value, out));
    env.remove_global("debug");
    env.remove_filter("escape");
    env.remove_filter("e");
    env.add_function(prepare::WRAP_MACRO, |value: Jinja| wrap::wrap(&value));
    env.add_function(prepare::MODULE, |path: &str| module::value(path));
    env.add_function(prepare::WRAP_TEXT, |value: Jinja| match value.as_str() {
        Some(text) => caught::caught(text),
        None => Ok(value),
    });
    env.add_filter(prepare::PLAIN, |value: Jinja| -> Result<Jinja, Error> {
        let text = value.as_str().and_then(session::resolved);
        Ok(text.map_or(value, |text| super::convert::string(&text)))
    });
    for name in ["raw", "safe"] {
        env.add_filter(name, |value: Jinja| caught::raw(&value));
    }
    env.add_function("raw", |value: Jinja| caught::raw(&value));
    for row in library::rows() {
        for name in row.names() {
            env.add_filter(name, move |_: &mut State<'_, '_>, args: Rest<Jinja>| {
                library::call(row, name, &args)
            });
            env.add_function(name, move |_: &mut State<'_, '_>, args: Rest<Jinja>| {
                library::call(row, name, &args)
            });
        }
    }
    word::add(&mut env);
    optional::add(&mut env);
    call::add(&mut env);
    env
}
