//! The engine with all that templates can call, made once.

use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Rest;
use minijinja::{AutoEscape, Environment, Error, State, UndefinedBehavior, Value as Jinja};

use super::filters::Filters;
use super::library::Row;
use super::{call, caught, imports, library, module, optional, prepare, session, word, wrap};

/// How many instructions a file may execute, those of its macros included.
const MAX_STEPS: u64 = 10_000_000;

/// How deep macros and loops may nest; a macro counts four times.
const MAX_DEPTH: usize = 2000;

/// With the filters of the engine itself and those that take the place of some.
static BASE: LazyLock<Environment<'static>> = LazyLock::new(build);

/// With all filters.
static FULL: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut env = BASE.clone();
    for row in library::rows() {
        for name in row.names() {
            add_row(&mut env, row, name);
        }
    }
    env
});

/// Returns an environment without templates, with the filters that templates use.
pub(super) fn environment(used: &Filters) -> Environment<'static> {
    match used {
        Filters::All => FULL.clone(),
        Filters::Named(rows) => {
            let mut env = BASE.clone();
            for (row, name) in rows {
                add_row(&mut env, row, name);
            }
            env
        }
    }
}

fn add_row(env: &mut Environment<'static>, row: &'static Row, name: &'static str) {
    env.add_filter(name, move |_: &mut State<'_, '_>, args: Rest<Jinja>| {
        library::call(row, name, &args)
    });
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
    env.add_function(imports::MODULE, |path: &str| module::value(path));
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
    word::add(&mut env);
    optional::add(&mut env);
    call::add(&mut env);
    env
}
