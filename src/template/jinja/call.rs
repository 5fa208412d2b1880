//! Calls of templates of Go from Jinja, and of the cluster.

use std::rc::Rc;

use minijinja::{Environment, Error, ErrorKind, State, Value as Jinja};

use super::convert::{from_jinja, to_jinja};
use super::function::text;
use super::object::Names;
use super::session;
use crate::diagnostic::Diagnostic;
use crate::template::function::Env;
use crate::template::gotmpl::{Executor, Stop, TemplateSet};
use crate::value::{Str, Value};

/// A failure within a template of Go.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.message)]
pub(super) struct GoFault(pub(super) Diagnostic);

/// Adds the functions.
pub(super) fn add(env: &mut Environment<'static>) {
    env.add_function("include", |_: &mut State<'_, '_>, name: Jinja, data: Option<Jinja>| {
        include(&name, data.as_ref())
    });
    env.add_function("tpl", |_: &mut State<'_, '_>, source: Jinja, data: Option<Jinja>| {
        tpl(&source, data.as_ref())
    });
    env.add_filter("tpl", |_: &mut State<'_, '_>, source: Jinja, data: Option<Jinja>| {
        tpl(&source, data.as_ref())
    });
    env.add_function(
        "lookup",
        |api_version: Jinja, kind: Jinja, namespace: Option<Jinja>, name: Option<Jinja>| {
            lookup(&api_version, &kind, namespace.as_ref(), name.as_ref())
        },
    );
}

fn root_or(data: Option<&Jinja>) -> Result<Value, Error> {
    match data {
        Some(data) => from_jinja(data),
        None => session::with(|session| session.root.clone()),
    }
}

fn tools() -> Result<(Rc<TemplateSet>, Rc<Env>), Error> {
    session::with(|session| (Rc::clone(&session.set), Rc::clone(&session.env)))
}

fn stopped(stop: Stop) -> Error {
    match stop {
        Stop::Failed(diagnostic) => {
            Error::new(ErrorKind::InvalidOperation, "").with_source(GoFault(*diagnostic))
        }
        Stop::Frozen => Error::new(ErrorKind::InvalidOperation, "a value cannot be changed"),
    }
}

/// Writes what a template of Go makes of `data`, by default of what `.` is there.
fn include(name: &Jinja, data: Option<&Jinja>) -> Result<Jinja, Error> {
    let name = text(name, "include")?;
    let data = root_or(data)?;
    let (set, env) = tools()?;
    let output = stacker::maybe_grow(256 << 10, 4 << 20, || {
        Executor::new(&set, &env).execute(&name.to_str_lossy(), data)
    });
    session::foreign(&Str::from(output.map_err(stopped)?.text))
}

/// Writes what a text in Go's language makes of `data`.
fn tpl(source: &Jinja, data: Option<&Jinja>) -> Result<Jinja, Error> {
    let source = text(source, "tpl")?;
    let data = root_or(data)?;
    let (set, env) = tools()?;
    let output =
        stacker::maybe_grow(256 << 10, 4 << 20, || Executor::new(&set, &env).expand(&source, data));
    session::foreign(&output.map_err(stopped)?)
}

fn lookup(
    api_version: &Jinja,
    kind: &Jinja,
    namespace: Option<&Jinja>,
    name: Option<&Jinja>,
) -> Result<Jinja, Error> {
    let word = |value: Option<&Jinja>| match value {
        Some(value) => text(value, "lookup").map(|text| text.to_string()),
        None => Ok(String::new()),
    };
    let (api_version, kind) = (word(Some(api_version))?, word(Some(kind))?);
    let (namespace, name) = (word(namespace)?, word(name)?);
    let (_, env) = tools()?;
    match (env.lookup)(&api_version, &kind, &namespace, &name) {
        Ok(found) => Ok(to_jinja(&found, Names::Keys)),
        Err(message) => {
            Err(Error::new(ErrorKind::InvalidOperation, format!("`lookup`: {message}")))
        }
    }
}
