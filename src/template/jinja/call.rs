//! Calls of templates of Go from Jinja, and of the cluster.

use std::rc::Rc;

use minijinja::value::Kwargs;
use minijinja::{Environment, Error, ErrorKind, State, Value as Jinja};

use super::context::Scope;
use super::convert::{from_jinja, to_jinja};
use super::error::GoFault;
use super::function::text;
use super::imports::Imports;
use super::object::Names;
use super::wrap::Macro;
use super::{caught, fault, lex, prepare, session};
use crate::diagnostic::Diagnostic;
use crate::template::function::{self, Env};
use crate::template::gotmpl::{Executor, Stop, TemplateSet};
use crate::value::{Str, Value};

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
    env.add_function("render", |state: &State<'_, '_>, source: Jinja| render(state, &source));
    env.add_filter("render", |state: &State<'_, '_>, source: Jinja| render(state, &source));
    env.add_function("stable_secret", |object: Jinja, kwargs: Kwargs| {
        stable_secret(&object, &kwargs)
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
    let text = session::deeper(|| {
        let mut executor = Executor::new(&set, &env).with_foreign(include_macro);
        executor.execute_included(&name.to_str_lossy(), data).map_err(stopped)
    })?;
    session::outdate()?;
    caught::foreign(&Str::from(text))
}

/// Writes what a text in Go's language makes of `data`.
fn tpl(source: &Jinja, data: Option<&Jinja>) -> Result<Jinja, Error> {
    let source = text(source, "tpl")?;
    let data = root_or(data)?;
    let (set, env) = tools()?;
    let output = session::deeper(|| {
        let mut executor = Executor::new(&set, &env).with_foreign(include_macro);
        executor.expand(&source, data).map_err(stopped)
    })?;
    session::outdate()?;
    caught::foreign(&output)
}

/// Answers `include "MACRO" DATA` in a template of Go. A macro of one argument gets the data; one
/// of more gets those entries of a map that have the names of its arguments.
pub(in crate::template) fn include_macro(
    name: &[u8],
    data: &Value,
) -> Option<Result<Str, Box<Diagnostic>>> {
    let name = std::str::from_utf8(name).ok()?;
    let (library, root, chart) = session::with(|session| {
        (Rc::clone(&session.library), session.root.clone(), session.chart.clone())
    })
    .ok()?;
    // The template that calls may have written into the chart's data.
    session::outdate().ok()?;
    let (path, name) = library.find_macro(name, &chart)?;
    let Value::Map(root) = root else { return None };
    let scope = Jinja::from_object(Scope::new(&root));
    let result = session::deeper(|| {
        let template = library.env.get_template(path)?;
        let mut module = template.render_captured(scope.clone())?;
        module.with_state_mut(|state| {
            let Some(called) = state.lookup(name) else {
                return Err(Error::new(ErrorKind::UnknownFunction, format!("{name} is unknown")));
            };
            let names = called.downcast_object_ref::<Macro>().map(Macro::arguments);
            let args = arguments(&names.unwrap_or_default(), data);
            called.call(state, &args)
        })
    });
    let text = result.and_then(|value| caught::for_go(&value));
    Some(match text {
        Ok(Ok(text)) => Ok(Str::from(text)),
        Ok(Err(misfit)) => {
            Err(Box::new(fault::tell(&library, None, |scene| scene.misfit(&misfit))))
        }
        Err(error) => {
            Err(Box::new(fault::tell(&library, Some(&scope), |scene| scene.diagnostic(&error))))
        }
    })
}

fn arguments(names: &[String], data: &Value) -> Vec<Jinja> {
    match (names.len(), data) {
        (0, _) => Vec::new(),
        (2.., Value::Map(map)) => {
            let given = names
                .iter()
                .filter_map(|name| Some((name.clone(), to_jinja(&map.get(name)?, Names::Keys))));
            vec![Jinja::from(given.collect::<Kwargs>())]
        }
        _ => vec![to_jinja(data, Names::Keys)],
    }
}

/// Writes what a text in Jinja makes of the chart's data.
fn render(state: &State<'_, '_>, source: &Jinja) -> Result<Jinja, Error> {
    let source = text(source, "render")?;
    let source = source.to_str_lossy();
    let imports = Imports::default();
    let prepared = prepare::prepare(&source, &lex::tokens(&source), 0, &imports, None);
    let Value::Map(root) = root_or(None)? else {
        return Err(Error::new(ErrorKind::InvalidOperation, "there is no data"));
    };
    let scope = Jinja::from_object(Scope::new(&root));
    let marked = session::deeper(|| state.env().render_str(&prepared.text, scope))?;
    caught::caught(&marked)
}

/// How many characters a secret has by default.
const SECRET_LENGTH: i64 = 24;

/// Returns the text that the Secret `object` of the release's namespace has under `key`; a random
/// one where it has none. Within one render it is always the same.
fn stable_secret(object: &Jinja, kwargs: &Kwargs) -> Result<Jinja, Error> {
    let object = text(object, "stable_secret")?.to_string();
    let key: Option<String> = kwargs.get("key")?;
    let key = key.unwrap_or_else(|| "password".to_owned());
    let length: Option<i64> = kwargs.get("length")?;
    let length = length.unwrap_or(SECRET_LENGTH);
    kwargs.assert_all_used()?;
    let (known, root) = session::with(|session| {
        let secrets = session.secrets.iter();
        let known =
            secrets.filter(|(o, k, _)| *o == object && *k == key).map(|s| s.2.clone()).next();
        (known, session.root.clone())
    })?;
    if let Some(known) = known {
        return Ok(super::convert::string(&known));
    }
    let (_, env) = tools()?;
    let release = root.as_map().and_then(|root| root.get("Release"));
    let namespace = release.as_ref().and_then(Value::as_map).and_then(|map| map.get("Namespace"));
    let namespace = namespace.map(|name| crate::value::to_text(&name).to_string());
    let found = (env.lookup)("v1", "Secret", &namespace.unwrap_or_default(), &object).map_err(
        |message| Error::new(ErrorKind::InvalidOperation, format!("`stable_secret`: {message}")),
    )?;
    let data = found.as_map().and_then(|secret| secret.get("data"));
    let held = data.as_ref().and_then(Value::as_map).and_then(|data| data.get(&key));
    let call = |go: &str, argument: Value| {
        let row = function::find(go).map(|row| (row.call)(&env, &[argument]));
        match row {
            Some(Ok(Value::Str(text))) => Ok(text.to_string()),
            _ => {
                let message = format!("`stable_secret`: {object} holds no text under {key}");
                Err(Error::new(ErrorKind::InvalidOperation, message))
            }
        }
    };
    let secret = match held {
        Some(encoded) => call("b64dec", encoded)?,
        None => call("randAlphaNum", Value::Int(length))?,
    };
    session::with(|session| session.secrets.push((object.clone(), key.clone(), secret.clone())))?;
    Ok(super::convert::string(&secret))
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
