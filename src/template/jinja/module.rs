//! Files of macros that are run once for all templates of a chart.

use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::value::{Enumerator, Object};
use minijinja::{Error, ErrorKind, State, Value as Jinja};

use super::context::Scope;
use super::session;
use crate::value::Value;

/// What macros wrote: the name of each and its text, and for which generation they hold.
type Known = (u64, Vec<(String, Jinja)>);

/// A file of macros, of which those are called that write the same each time.
#[derive(Debug)]
pub(super) struct Module {
    path: String,
    known: Mutex<Known>,
}

impl Module {
    /// Makes the module of the file at `path`.
    pub(super) fn new(path: &str) -> Self {
        Module { path: path.to_owned(), known: Mutex::new((0, Vec::new())) }
    }

    fn known(&self, name: &str, generation: u64) -> Option<Jinja> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known.1.iter().find(|(other, _)| known.0 == generation && other == name);
        found.map(|(_, text)| text.clone())
    }

    fn keep(&self, name: &str, generation: u64, text: Jinja) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.0 != generation {
            *known = (generation, Vec::new());
        }
        known.1.push((name.to_owned(), text));
    }

    /// Runs a macro in a state of its own.
    fn run(&self, name: &str) -> Result<Jinja, Error> {
        let (library, root) =
            session::with(|session| (Rc::clone(&session.library), session.root.clone()))?;
        let Value::Map(root) = root else {
            return Err(Error::new(ErrorKind::InvalidOperation, "there is no data"));
        };
        let scope = Jinja::from_object(Scope::new(&root));
        let template = library.env.get_template(&self.path)?;
        template.render_captured(scope)?.with_state_mut(|state| match state.lookup(name) {
            Some(called) => called.call(state, &[]),
            None => Err(Error::new(ErrorKind::UnknownFunction, format!("{name} is unknown"))),
        })
    }
}

impl Object for Module {
    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        name: &str,
        _: &[Jinja],
    ) -> Result<Jinja, Error> {
        let generation = session::generation()?;
        if let Some(text) = self.known(name, generation) {
            return Ok(text);
        }
        let text = session::shared(|| session::deeper(|| self.run(name)))?;
        self.keep(name, generation, text.clone());
        Ok(text)
    }
}

/// Returns the module of the file at `path`.
pub(super) fn value(path: &str) -> Result<Jinja, Error> {
    let found = session::with(|session| {
        let modules = session.library.shared.iter();
        modules.clone().find(|(known, _)| known == path).map(|(_, module)| module.clone())
    })?;
    found.ok_or_else(|| Error::new(ErrorKind::TemplateNotFound, path.to_owned()))
}
