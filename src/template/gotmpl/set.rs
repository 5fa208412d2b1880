//! The named templates of a render.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::FixedState;

use super::ahead::Ahead;
use super::ast::{Definition, Ids, Unit};
use super::parser::{self, ParseError};
use crate::value::Str;

/// A named template: where its body stands.
#[derive(Clone, Debug)]
pub(super) struct Template {
    pub(super) unit: Arc<Unit>,
    pub(super) definition: u32,
    /// The unit's number within the set; [`FOREIGN`] for a text given to `tpl`.
    pub(super) unit_id: u32,
}

/// The number of units that belong to no file.
pub(super) const FOREIGN: u32 = u32::MAX;

impl Template {
    pub(super) fn definition(&self) -> &Definition {
        &self.unit.definitions[self.definition as usize]
    }

    pub(super) fn body(&self) -> Ids {
        self.definition().body
    }
}

/// All templates of a chart and its subcharts, in one namespace.
#[derive(Debug, Default)]
pub struct TemplateSet {
    pub(super) templates: HashMap<Str, Template, FixedState>,
    /// The names of the parsed files, by unit number.
    pub(super) files: Vec<Str>,
}

impl TemplateSet {
    /// Parses a file and enters what it defines and itself under its name.
    ///
    /// A later definition replaces an earlier one unless the later is blank.
    ///
    /// # Errors
    /// The first error of the file, with Helm's text.
    pub fn parse(&mut self, name: &Str, text: &Str) -> Result<(), crate::diagnostic::Diagnostic> {
        self.add(name, text).map_err(ParseError::into_diagnostic)
    }

    /// Parses files, several at a time, and enters them in order as [`TemplateSet::parse`] does.
    /// Those whose texts are in `ahead` are parsed there.
    ///
    /// Returns the error of each file that has one, with the file's place in `files`.
    pub fn parse_all(
        &mut self,
        files: &[(Str, Str)],
        ahead: Option<&Ahead>,
    ) -> Vec<(usize, crate::diagnostic::Diagnostic)> {
        let parse = |(name, text): &(Str, Str)| parser::parse(name.clone(), text);
        let units: Vec<_> = match ahead {
            Some(ahead) => {
                ahead.finish(files.iter().map(|(_, text)| text));
                let unit = |file: &(Str, Str)| ahead.take(&file.0, &file.1).map(Ok);
                files.iter().map(|file| unit(file).unwrap_or_else(|| parse(file))).collect()
            }
            None => crate::parallel::map(files, |(_, text)| text.len(), parse),
        };
        let mut failed = Vec::new();
        for (i, unit) in units.into_iter().enumerate() {
            match unit {
                Ok(unit) => self.enter(unit),
                Err(error) => failed.push((i, error.into_diagnostic())),
            }
        }
        failed
    }

    fn add(&mut self, name: &Str, text: &Str) -> Result<(), ParseError> {
        self.enter(parser::parse(name.clone(), text)?);
        Ok(())
    }

    fn enter(&mut self, unit: Unit) {
        let unit = Arc::new(unit);
        let unit_id = self.files.len() as u32;
        self.files.push(unit.name.clone());
        for (i, definition) in unit.definitions.iter().enumerate() {
            if definition.blank && self.templates.contains_key(definition.name.as_bytes()) {
                continue;
            }
            let template = Template { unit: Arc::clone(&unit), definition: i as u32, unit_id };
            self.templates.insert(definition.name.clone(), template);
        }
    }

    pub(super) fn get(&self, name: &[u8]) -> Option<&Template> {
        self.templates.get(name)
    }
}
