//! Macros whose result is caught.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Enumerator, Kwargs, Object};
use minijinja::{Error, ErrorKind, State, Value as Jinja};

use super::caught;
use super::error::Called;

/// A macro of a template, or the body of a `call` block.
pub(super) struct Macro {
    inner: Jinja,
}

impl fmt::Debug for Macro {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.inner, f)
    }
}

impl Macro {
    /// Returns the names of the arguments.
    pub(super) fn arguments(&self) -> Vec<String> {
        let names = self.inner.get_attr("arguments").and_then(|names| names.try_iter());
        let names = names.into_iter().flatten();
        names.filter_map(|name| name.as_str().map(str::to_owned)).collect()
    }

    fn name(&self) -> String {
        let name = self.inner.get_attr("name").ok();
        name.as_ref().and_then(Jinja::as_str).unwrap_or("?").to_owned()
    }
}

/// Wraps a macro.
pub(super) fn wrap(value: &Jinja) -> Jinja {
    Jinja::from_object(Macro { inner: value.clone() })
}

/// Wraps the body of a `call` block among the arguments.
fn with_caller(args: &[Jinja]) -> Result<Vec<Jinja>, Error> {
    let mut args = args.to_vec();
    if let Some(last) = args.last_mut().filter(|last| last.is_kwargs()) {
        let mut pairs = Vec::new();
        for key in last.try_iter()? {
            let value = last.get_item(&key)?;
            let name = key.as_str().unwrap_or_default().to_owned();
            let is_body = name == "caller" && value.downcast_object_ref::<Macro>().is_none();
            let value = if is_body && !value.is_undefined() { wrap(&value) } else { value };
            pairs.push((name, value));
        }
        *last = Jinja::from(pairs.into_iter().collect::<Kwargs>());
    }
    Ok(args)
}

impl Object for Macro {
    fn get_value(self: &Arc<Self>, key: &Jinja) -> Option<Jinja> {
        self.inner.get_item(key).ok().filter(|value| !value.is_undefined())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(&["name", "arguments", "caller"])
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Jinja]) -> Result<Jinja, Error> {
        let args = with_caller(args)?;
        let result = self.inner.call(state, &args).map_err(|source| {
            let called = Called { name: self.name(), arguments: self.arguments(), source };
            // The place of the call is added on the way up.
            Error::new(ErrorKind::InvalidOperation, "").with_source(called)
        })?;
        match result.as_str() {
            Some(text) => caught::caught(text),
            None => Ok(result),
        }
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
