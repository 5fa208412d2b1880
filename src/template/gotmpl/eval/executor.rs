use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::template::function::Env;
use crate::template::gotmpl::advice::Scene;
use crate::template::gotmpl::ast::{At, Ids, Unit};
use crate::template::gotmpl::fault::Fault;
use crate::template::gotmpl::origin::{Call as Caller, Mark, NO_CALL, Origins};
use crate::template::gotmpl::quote::quote;
use crate::template::gotmpl::set::{FOREIGN, Template, TemplateSet};
use crate::value::{Str, Value};

pub(super) type Result<T> = std::result::Result<T, Box<Fault>>;

/// How many nodes one file may execute, those of its loops and partials included.
const MAX_STEPS: u64 = 50_000_000;

/// How long the text of one file may become, in bytes.
const MAX_OUTPUT: usize = 128 << 20;

/// How much text and list the functions called for one file may make, in bytes.
const MAX_PRODUCED: u64 = 256 << 20;

/// What is said of data that lies within itself, where Helm dies.
pub(super) const CYCLE: &str = "encountered a cycle: a map lies within itself";

/// Text that Go prints for "no value" and that Helm deletes from results.
pub(super) const NO_VALUE: &[u8] = b"<no value>";

/// A value and whether Go would hold it in an interface: only error texts can tell.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) value: Value,
    pub(super) boxed: bool,
}

/// The template being executed.
pub(super) struct Frame<'u> {
    pub(super) unit: &'u Unit,
    pub(super) unit_id: u32,
    pub(super) name: &'u Str,
    /// Index of `$` among the slots.
    pub(super) base: usize,
    pub(super) depth: u32,
}

#[derive(PartialEq, Eq)]
pub(super) enum Flow {
    Next,
    Break,
    Continue,
}

/// A text given to `tpl`, parsed.
pub(super) struct Text {
    pub(super) template: Template,
    /// What the text defines, beside itself.
    pub(super) definitions: HashMap<Str, Template>,
}

/// What a command calls and with what.
pub(super) struct Call<'u> {
    /// The node that a failure is reported at.
    pub(super) at: At,
    pub(super) name: &'u [u8],
    pub(super) args: Ids,
    pub(super) last: Option<Value>,
}

/// Executes templates of one set, one after the other.
pub struct Executor<'s> {
    pub(super) set: &'s TemplateSet,
    pub(super) env: &'s Env,
    pub(super) files: Arc<[Str]>,
    pub(super) slots: Vec<Option<Slot>>,
    pub(super) args: Vec<Value>,
    pub(super) out: Vec<u8>,
    pub(super) marks: Vec<Mark>,
    /// Every call that was made, and the number of the one that is running.
    pub(super) calls: Vec<Caller>,
    pub(super) call: u32,
    pub(super) at: At,
    /// The names that `include` is at work on, outermost first.
    pub(super) included: Vec<Str>,
    /// How many `tpl` are running.
    pub(super) tpl_depth: u32,
    pub(super) texts: HashMap<Str, Rc<Text>>,
    pub(super) overlays: Vec<Rc<Text>>,
    /// The data of the file that is rendered.
    pub(super) root: Value,
    pub(super) foreign: Option<Foreign>,
    /// What the file has used of [`MAX_STEPS`] and of [`MAX_PRODUCED`].
    pub(super) steps: u64,
    pub(super) produced: u64,
}

/// Answers `include` of a name that no template of Go has: the text, or what went wrong.
/// `None` when it is unknown there too.
pub(in crate::template) type Foreign =
    fn(&[u8], &Value) -> Option<std::result::Result<Str, Box<crate::diagnostic::Diagnostic>>>;

/// What a template wrote.
#[derive(Debug)]
pub struct Output {
    /// The text, without any `<no value>`.
    pub text: Vec<u8>,
    /// Which part of the text came from where.
    pub origins: Origins,
}

/// Why there is no output.
#[derive(Debug)]
pub enum Stop {
    /// The template failed.
    Failed(Box<crate::diagnostic::Diagnostic>),
    /// A frozen map was written to: render again with thawed data.
    Frozen,
}

impl<'s> Executor<'s> {
    /// Makes an executor over the templates of `set`.
    #[must_use]
    pub fn new(set: &'s TemplateSet, env: &'s Env) -> Self {
        Executor {
            set,
            env,
            files: set.files.clone().into(),
            slots: Vec::new(),
            args: Vec::new(),
            out: Vec::new(),
            marks: Vec::new(),
            calls: Vec::new(),
            call: NO_CALL,
            at: At::Node(0),
            included: Vec::new(),
            tpl_depth: 0,
            texts: HashMap::new(),
            overlays: Vec::new(),
            root: Value::Absent,
            foreign: None,
            steps: 0,
            produced: 0,
        }
    }

    /// Lets `include` find templates of another engine.
    #[cfg(feature = "jinja")]
    #[must_use]
    pub(in crate::template) fn with_foreign(self, foreign: Foreign) -> Self {
        Executor { foreign: Some(foreign), ..self }
    }

    /// Executes the template of that name with `data` as dot.
    ///
    /// # Errors
    /// The run-time error with Helm's text, or a write to frozen data.
    pub fn execute(&mut self, name: &str, data: Value) -> std::result::Result<Output, Stop> {
        let Output { mut text, mut origins } = self.write(name, data)?;
        delete_no_value(&mut text, Some(&mut origins));
        Ok(Output { text, origins })
    }

    /// Does as [`Executor::execute`], with each `<no value>` in the text, as `include` gives it.
    ///
    /// # Errors
    /// As [`Executor::execute`].
    #[cfg(feature = "jinja")]
    pub(in crate::template) fn execute_included(
        &mut self,
        name: &str,
        data: Value,
    ) -> std::result::Result<Vec<u8>, Stop> {
        self.write(name, data).map(|output| output.text)
    }

    fn write(&mut self, name: &str, data: Value) -> std::result::Result<Output, Stop> {
        self.out.clear();
        self.marks.clear();
        self.calls.clear();
        self.call = NO_CALL;
        self.slots.clear();
        self.args.clear();
        self.included.clear();
        self.tpl_depth = 0;
        self.overlays.clear();
        self.root = data.clone();
        (self.steps, self.produced) = (0, 0);
        let Some(template) = self.set.get(name.as_bytes()).cloned() else {
            let message = format!(
                "template: no template {} associated with template \"gotpl\"",
                quote(name.as_bytes())
            );
            let hint = self.nearest_template(&Str::from(name));
            let diagnostic = crate::diagnostic::Diagnostic::error(message).hinted(hint);
            return Err(Stop::Failed(Box::new(diagnostic)));
        };
        match self.run(&template, data, 0) {
            Ok(()) => {
                let text = std::mem::take(&mut self.out);
                let origins = Origins {
                    marks: std::mem::take(&mut self.marks),
                    calls: std::mem::take(&mut self.calls),
                    files: Arc::clone(&self.files),
                };
                Ok(Output { text, origins })
            }
            Err(fault) if fault.is_frozen() => Err(Stop::Frozen),
            Err(fault) => Err(Stop::Failed(Box::new(fault.into_diagnostic()))),
        }
    }

    pub(super) fn find(&self, name: &[u8]) -> Option<Template> {
        let mut blank = None;
        for text in self.overlays.iter().rev() {
            if let Some(template) = text.definitions.get(name) {
                if !template.definition().blank {
                    return Some(template.clone());
                }
                blank = blank.or(Some(template));
            }
        }
        self.set.get(name).or(blank).cloned()
    }

    /// Executes a template's body with its own variables; what it writes is appended to `out`.
    pub(super) fn run(&mut self, template: &Template, data: Value, depth: u32) -> Result<()> {
        let definition = template.definition();
        let base = self.slots.len();
        let data = if data.is_nil() { Value::Absent } else { data };
        let dot = Slot { value: data, boxed: false };
        self.slots.push(Some(dot.clone()));
        self.slots.resize(base + definition.slots as usize, None);
        let frame = Frame {
            unit: &template.unit,
            unit_id: template.unit_id,
            name: &definition.name,
            base,
            depth,
        };
        let at = self.at;
        let result = stacker::maybe_grow(256 * 1024, 4 * 1024 * 1024, || {
            self.walk(&frame, template.body(), &dot)
        });
        self.at = at;
        self.slots.truncate(base);
        result.map(|_| ())
    }

    pub(super) fn fault<T>(&self, frame: &Frame, message: impl Into<String>) -> Result<T> {
        Err(Fault::new(frame.unit, frame.name, self.at, message.into(), None))
    }

    /// Makes a fault and says what there is of the value that the expression at `about` names.
    pub(super) fn fault_about<T>(
        &self,
        frame: &Frame,
        message: impl Into<String>,
        about: At,
        dot: &Slot,
    ) -> Result<T> {
        self.fault(frame, message)
            .map_err(|fault: Box<Fault>| self.advised(frame, fault, about, dot))
    }

    /// Adds to a fault what there is of the value that the expression at `about` names.
    pub(super) fn advised(
        &self,
        frame: &Frame,
        mut fault: Box<Fault>,
        about: At,
        dot: &Slot,
    ) -> Box<Fault> {
        let scene = Scene {
            unit: frame.unit,
            root: &self.root,
            dot: &dot.value,
            variable: &|expr| self.variable(frame, expr).ok().map(|slot| slot.value),
        };
        if fault.hint.is_none() {
            fault.hint = scene.explain(about);
        }
        fault
    }

    /// Names the template that `name` may be a misspelling of.
    pub(super) fn nearest_template(&self, name: &Str) -> Option<String> {
        let names =
            self.set.templates.keys().filter_map(|name| std::str::from_utf8(name.as_bytes()).ok());
        let mut names: Vec<_> =
            names.filter(|name| !self.set.files.iter().any(|f| f == name)).collect();
        names.sort_unstable();
        let name = name.to_str_lossy();
        if let Some(near) = crate::diagnostic::nearest(&name, names.iter().copied()) {
            let file = &self.set.get(near.as_bytes())?.unit.name;
            return Some(format!("did you mean `{near}`? It is defined in {file}"));
        }
        let chart = name.split('.').next().filter(|chart| chart.len() < name.len())?;
        let known = names.iter().any(|name| name.split('.').next() == Some(chart));
        (!known).then(|| {
            format!("no template begins with `{chart}.`; is the chart that has them in charts/?")
        })
    }

    pub(super) fn mark(&mut self, frame: &Frame, position: u32, literal: bool) {
        if frame.unit_id != FOREIGN {
            let output = self.out.len() as u32;
            let (file, call) = (frame.unit_id, self.call);
            self.marks.push(Mark { output, file, position, call, indent: 0, literal });
        }
    }

    /// Executes a template on behalf of the node at `at`.
    pub(super) fn run_from(
        &mut self,
        frame: &Frame,
        at: At,
        template: &Template,
        data: Value,
        depth: u32,
    ) -> Result<()> {
        let outer = self.call;
        let position = frame.unit.position(at);
        self.call = self.calls.len() as u32;
        self.calls.push(Caller { outer, file: frame.unit_id, position });
        let result = self.run(template, data, depth);
        self.call = outer;
        result
    }

    /// Counts a step and checks what the file has used so far.
    pub(super) fn step(&mut self, frame: &Frame) -> Result<()> {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return self.fault(frame, format!("exceeded maximum number of steps ({MAX_STEPS})"));
        }
        if self.out.len() > MAX_OUTPUT {
            return self
                .fault(frame, format!("exceeded maximum size of output ({MAX_OUTPUT} bytes)"));
        }
        Ok(())
    }

    /// Counts what a function made.
    pub(super) fn count(&mut self, frame: &Frame, value: &Value, item_size: usize) -> Result<()> {
        self.produced += match value {
            Value::Str(text) | Value::Bytes(text) => text.len() as u64,
            Value::List(list) => (list.items().len() * item_size) as u64,
            _ => return Ok(()),
        };
        if self.produced > MAX_PRODUCED {
            let message =
                format!("exceeded maximum size of texts and lists ({MAX_PRODUCED} bytes)");
            return self.fault(frame, message);
        }
        Ok(())
    }
}

/// Deletes every `<no value>`, as Helm does with finished text.
pub(super) fn delete_no_value(text: &mut Vec<u8>, mut origins: Option<&mut Origins>) {
    let mut from = 0;
    while let Some(found) = memchr::memmem::find(&text[from..], NO_VALUE) {
        let at = from + found;
        text.drain(at..at + NO_VALUE.len());
        if let Some(origins) = origins.as_deref_mut() {
            origins.delete(at, NO_VALUE.len());
        }
        from = at;
    }
}
