use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use super::executor::{Executor, Frame, NO_VALUE, Result, Slot, Stop, Text, delete_no_value};
use crate::template::function::Param;
use crate::template::gotmpl::ast::{At, Ids};
use crate::template::gotmpl::fault::{Cause, Fault, TPL_NAME};
use crate::template::gotmpl::parser;
use crate::template::gotmpl::quote::quote;
use crate::template::gotmpl::set::{FOREIGN, Template};
use crate::value::{Str, Value};

/// `include` of one name nested deeper than this is an error, as in Helm.
const MAX_INCLUDE_DEPTH: usize = 1000;

/// How deep `tpl` may run within `tpl`. Helm has no limit and dies of it.
const MAX_TPL_DEPTH: u32 = 200;

impl Executor<'_> {
    /// Executes a text as `tpl` does.
    ///
    /// # Errors
    /// As [`Executor::execute`].
    pub fn expand(&mut self, source: &Str, data: Value) -> std::result::Result<Str, Stop> {
        self.root = data.clone();
        self.tpl(source, data, 0).map_err(|cause| {
            Stop::Failed(Box::new(match cause {
                Cause::Nested { fault, .. } if fault.is_frozen() => return Stop::Frozen,
                Cause::Nested { fault, .. } => fault.into_diagnostic(),
                Cause::Text(text) | Cause::User(text) => crate::diagnostic::Diagnostic::error(text),
                Cause::Frozen => return Stop::Frozen,
            }))
        })
    }

    /// Evaluates the arguments of `include` and `tpl`: a string and anything.
    pub(super) fn text_and_data(
        &mut self,
        frame: &Frame,
        args: Ids,
        last: Option<Value>,
        dot: &Slot,
    ) -> Result<(Str, Value)> {
        let mut given = [Value::Nil, Value::Nil];
        let params = [Param::Str, Param::Any];
        let mut count = 0;
        for id in args.start..args.end {
            given[count] = self.argument(frame, dot, params[count], id)?;
            count += 1;
        }
        if let Some(last) = last {
            given[count] = self.validate(frame, last, params[count])?;
        }
        let [text, data] = given;
        match text {
            Value::Str(text) => Ok((text, data)),
            _ => Ok((Str::default(), data)),
        }
    }

    /// Calls `include`; what the template writes is appended to `out`.
    pub(super) fn include(
        &mut self,
        frame: &Frame,
        at: At,
        args: Ids,
        last: Option<Value>,
        dot: &Slot,
    ) -> Result<()> {
        let (name, data) = self.text_and_data(frame, args, last, dot)?;
        let failed = |cause, hint| {
            let message = "error calling include".to_owned();
            let mut fault = Fault::new(frame.unit, frame.name, at, message, Some(cause));
            fault.hint = hint;
            Err(fault)
        };
        if self.included.len() > MAX_INCLUDE_DEPTH
            && self.included.iter().filter(|other| **other == name).count() > MAX_INCLUDE_DEPTH
        {
            return failed(
                Cause::Text(format!(
                    "rendering template has a nested reference name: {name}: unable to execute template"
                )),
                None,
            );
        }
        self.included.push(name.clone());
        let mut foreign_hint = None;
        let found = self.find(name.as_bytes());
        let foreign = match (&found, self.foreign) {
            (None, Some(foreign)) => foreign(name.as_bytes(), &data),
            _ => None,
        };
        let result = match (found, foreign) {
            (Some(template), _) => self
                .run_from(frame, at, &template, data, 0)
                .map_err(|fault| Cause::Nested { prefix: String::new(), fault }),
            (None, Some(Ok(text))) => {
                self.out.extend_from_slice(text.as_bytes());
                Ok(())
            }
            (None, Some(Err(diagnostic))) => {
                foreign_hint = Some(diagnostic.hints.into_iter().next());
                Err(Cause::Text(diagnostic.message))
            }
            (None, None) => Err(Cause::Text(format!(
                "template: no template {} associated with template {}",
                quote(name.as_bytes()),
                quote(TPL_NAME.as_bytes())
            ))),
        };
        self.included.pop();
        let is_missing = matches!(result, Err(Cause::Text(_)));
        let hint = match foreign_hint {
            Some(hint) => hint,
            None if is_missing => self.nearest_template(&name),
            None => None,
        };
        result.or_else(|cause| failed(cause, hint))
    }

    pub(super) fn tpl(
        &mut self,
        source: &Str,
        data: Value,
        _depth: u32,
    ) -> std::result::Result<Str, Cause> {
        if memchr::memmem::find(source.as_bytes(), b"{{").is_none() {
            if memchr::memmem::find(source.as_bytes(), NO_VALUE).is_none() {
                return Ok(source.clone());
            }
            let mut text = source.as_bytes().to_vec();
            delete_no_value(&mut text, None);
            return Ok(Str::from(text));
        }
        let parsed = match self.texts.get(source) {
            Some(parsed) => Rc::clone(parsed),
            None => {
                let parsed = Rc::new(parse_text(source)?);
                self.texts.insert(source.clone(), Rc::clone(&parsed));
                parsed
            }
        };
        if self.tpl_depth == MAX_TPL_DEPTH {
            return Err(Cause::Text(format!(
                "exceeded maximum depth of tpl within tpl ({MAX_TPL_DEPTH})"
            )));
        }
        self.tpl_depth += 1;
        let start = self.out.len();
        let mark = self.marks.len();
        let defines = !parsed.definitions.is_empty();
        if defines {
            self.overlays.push(Rc::clone(&parsed));
        }
        let result = self.run(&parsed.template, data, 0);
        self.tpl_depth -= 1;
        if defines {
            self.overlays.pop();
        }
        match result {
            Ok(()) => {
                let mut text = self.out.split_off(start);
                self.marks.truncate(mark);
                delete_no_value(&mut text, None);
                Ok(Str::from(text))
            }
            Err(fault) => Err(Cause::Nested {
                prefix: format!(
                    "error during tpl function execution for {}: ",
                    quote(source.as_bytes())
                ),
                fault,
            }),
        }
    }
}

fn parse_text(source: &Str) -> std::result::Result<Text, Cause> {
    let name = Str::from(TPL_NAME);
    let unit = parser::parse(name.clone(), source).map_err(|error| {
        Cause::Text(format!(
            "cannot parse template {}: {}",
            quote(source.as_bytes()),
            error.go_text()
        ))
    })?;
    let unit = Arc::new(unit);
    let mut main = 0;
    let mut definitions = HashMap::new();
    for (i, definition) in unit.definitions.iter().enumerate() {
        if definition.name == name {
            main = i as u32;
        } else {
            let template =
                Template { unit: Arc::clone(&unit), definition: i as u32, unit_id: FOREIGN };
            definitions.insert(definition.name.clone(), template);
        }
    }
    let template = Template { unit, definition: main, unit_id: FOREIGN };
    Ok(Text { template, definitions })
}
