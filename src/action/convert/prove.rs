//! Renders both, and keeps what is equal.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::cases::{Case, cases};
use super::outcome::Outcome;
use super::{Conversion, ConvertRequest, Fate, FileReport};
use crate::action::Error;
use crate::chart::{Chart, File, Warned};
use crate::diagnostic::Diagnostic;
use crate::template::convert::{Converted, Refusal, Wishes, convert};
use crate::template::function::Env;
use crate::template::{self, RenderedFile, is_jinja};
use crate::value::Map;
use crate::values;

/// How often the whole chart is rendered anew after some templates were put right.
const MAX_ROUNDS: usize = 12;

/// How many renders are spent on finding out which holes of one template need care.
const MAX_TRIALS: usize = 16;

/// What a template is at the moment.
enum State {
    Converted { text: String, holes: BTreeSet<usize>, careful: BTreeSet<usize> },
    Jinja,
    Kept { reason: String, line: Option<usize> },
}

/// A chart with values to render it with, and what it writes as it is.
struct Trial {
    case: Case,
    chart: Chart,
    merged: Map,
    /// What the templates write, by name.
    reference: HashMap<String, Outcome>,
}

struct Prover<'a> {
    env: &'a Env,
    chart: Chart,
    trials: Vec<Trial>,
    states: BTreeMap<String, State>,
    /// The templates that write something else each time.
    varying: BTreeSet<String>,
}

/// Parts of the names of functions that give something else each time.
const CHANCE: &[&str] = &[
    "rand",
    "gen",
    "uuid",
    "now",
    "bcrypt",
    "htpasswd",
    "shuffle",
    "keys",
    "values",
    "encryptAES",
];

/// The name of a template, and what it wrote.
type Written = (String, Result<RenderedFile, Diagnostic>);

/// What is wrong with a template, and in which case.
struct Wrong {
    name: String,
    trial: usize,
    message: String,
}

pub(super) fn run(request: ConvertRequest<'_>) -> Result<Warned<Conversion>, Error> {
    let ConvertRequest { chart, values: given, env } = request;
    let mut warnings = Vec::new();
    let mut trials = Vec::new();
    for case in cases(&chart, given) {
        let processed = values::switch_dependencies(chart.clone(), &case.values);
        let (chart, _) = match processed.value {
            Ok(found) => found,
            Err(error) if case.is_given => return Err(error.into()),
            Err(_) => continue,
        };
        let merged = values::merge(&chart, &case.values);
        let merged = match merged.value {
            Ok(merged) => merged,
            Err(error) if case.is_given => return Err(error.into()),
            Err(_) => continue,
        };
        if trials.is_empty() {
            warnings = processed.warnings;
        }
        trials.push(Trial { case, chart, merged, reference: HashMap::new() });
    }
    let mut prover =
        Prover { env, chart, trials, states: BTreeMap::new(), varying: BTreeSet::new() };
    prover.refer();
    prover.begin();
    prover.settle();
    prover.relax();
    prover.settle();
    Ok(Warned { value: prover.finish(), warnings })
}

fn is_partial(name: &str) -> bool {
    name.rsplit('/').next().is_some_and(|base| base.starts_with('_'))
}

fn new_name(name: &str) -> String {
    format!("{name}.j2")
}

impl Prover<'_> {
    fn wishes<'w>(&'w self, careful: &'w BTreeSet<usize>) -> Wishes<'w> {
        Wishes { values: &self.chart.values, careful }
    }

    fn file(&self, name: &str) -> Option<&File> {
        self.chart.templates.iter().find(|file| file.name == name)
    }

    fn convert(&self, name: &str, careful: &BTreeSet<usize>) -> Result<Converted, Refusal> {
        match self.file(name) {
            Some(file) => convert(name, &file.data, self.wishes(careful)),
            None => Err(Refusal { line: 1, reason: "there is no such template".to_owned() }),
        }
    }

    /// Renders the chart's own templates of those names; `texts` are the new ones.
    fn render(
        &self,
        trial: &Trial,
        texts: &BTreeMap<&str, &str>,
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<Written>, Vec<(String, String)>> {
        let mut chart = trial.chart.clone();
        for file in &mut chart.templates {
            if let Some(text) = texts.get(file.name.as_str()) {
                file.data = (*text).into();
                file.name = new_name(&file.name);
            }
        }
        let prefix = format!("{}/", chart.name());
        let own = |path: &str| {
            path.strip_prefix(&prefix).is_some_and(|name| {
                name.starts_with("templates/") && wanted(name.strip_suffix(".j2").unwrap_or(name))
            })
        };
        let found =
            template::render_each(&chart, &trial.merged, &trial.case.context, self.env, own);
        match found {
            Ok(found) => Ok(found
                .into_iter()
                .map(|(path, result)| {
                    let name = path.strip_prefix(&prefix).unwrap_or(&path);
                    let old = name.strip_suffix(".j2").filter(|old| texts.contains_key(old));
                    (old.unwrap_or(name).to_owned(), result)
                })
                .collect()),
            Err(failures) => Err(failures
                .kept()
                .iter()
                .flat_map(|failed| {
                    failed.files.iter().map(|path| {
                        let name = path.strip_prefix(&prefix).unwrap_or(path);
                        let name = name.strip_suffix(".j2").unwrap_or(name);
                        (name.to_owned(), failed.diagnostic.message.clone())
                    })
                })
                .collect()),
        }
    }

    /// Renders the templates as they are.
    fn refer(&mut self) {
        for i in 0..self.trials.len() {
            let found = self.render(&self.trials[i], &BTreeMap::new(), &|_| true);
            let outcomes = found.unwrap_or_default().into_iter();
            self.trials[i].reference = outcomes
                .map(|(name, result)| {
                    let outcome = Outcome::reference(&name, result);
                    (name, outcome)
                })
                .collect();
        }
        if !self.may_vary() {
            return;
        }
        for i in 0..self.trials.len() {
            let again = self.render(&self.trials[i], &BTreeMap::new(), &|_| true);
            for (name, result) in again.unwrap_or_default() {
                let outcome = Outcome::new(&name, result);
                let first = self.trials[i].reference.get(&name);
                if first.is_some_and(|first| first.difference(&outcome, true).is_some()) {
                    self.varying.insert(name);
                }
            }
        }
        for trial in &mut self.trials {
            for name in &self.varying {
                trial.reference.insert(name.clone(), Outcome::Unclear);
            }
        }
    }

    /// Returns whether a template may write something else each time.
    fn may_vary(&self) -> bool {
        let has = |chart: &Chart| {
            chart.templates.iter().any(|file| {
                let text = file.data.as_bytes();
                CHANCE.iter().any(|word| memchr::memmem::find(text, word.as_bytes()).is_some())
            })
        };
        let mut charts = vec![&self.chart];
        while let Some(chart) = charts.pop() {
            if has(chart) {
                return true;
            }
            charts.extend(&chart.dependencies);
        }
        false
    }

    /// Returns the template that includes the whole of the one with that name.
    fn includer(&self, name: &str) -> Option<&str> {
        let base = name.strip_prefix("templates/").unwrap_or(name);
        let quoted = [format!("/{base}\""), format!("/{base}`")];
        let found = self.chart.templates.iter().find(|file| {
            let text = file.data.as_bytes();
            quoted.iter().any(|q| memchr::memmem::find(text, q.as_bytes()).is_some())
        });
        found.map(|file| file.name.as_str())
    }

    fn begin(&mut self) {
        let names: Vec<String> =
            self.chart.templates.iter().map(|file| file.name.clone()).collect();
        for name in names {
            let state = self.first_state(&name);
            self.states.insert(name, state);
        }
    }

    fn first_state(&self, name: &str) -> State {
        let kept = |reason: String, line| State::Kept { reason, line };
        if is_jinja(name) {
            return State::Jinja;
        }
        if is_partial(name) {
            return kept("it holds templates for others".to_owned(), None);
        }
        if self.chart.templates.iter().any(|file| file.name == new_name(name)) {
            return kept(format!("there is {}", new_name(name)), None);
        }
        if let Some(other) = self.includer(name) {
            return kept(format!("{other} includes its text"), None);
        }
        if self.varying.contains(name) {
            return kept("it writes something else each time".to_owned(), None);
        }
        let references = || self.trials.iter().filter_map(|trial| trial.reference.get(name));
        let converted = match self.convert(name, &BTreeSet::new()) {
            Ok(converted) => converted,
            Err(refusal) => return kept(refusal.reason, Some(refusal.line)),
        };
        if !references().any(Outcome::is_something) {
            return kept("no values that were tried make it write anything".to_owned(), None);
        }
        State::Converted { text: converted.text, holes: converted.holes, careful: BTreeSet::new() }
    }

    fn texts(&self) -> BTreeMap<&str, &str> {
        self.states
            .iter()
            .filter_map(|(name, state)| match state {
                State::Converted { text, .. } => Some((name.as_str(), text.as_str())),
                _ => None,
            })
            .collect()
    }

    /// Finds the first thing that is wrong with each template.
    fn wrongs(&self) -> Vec<Wrong> {
        let texts = self.texts();
        let mut wrongs: Vec<Wrong> = Vec::new();
        for (i, trial) in self.trials.iter().enumerate() {
            let is_open = |name: &str| wrongs.iter().all(|wrong| wrong.name != name);
            let found = match self.render(trial, &texts, &is_open) {
                Ok(found) => found,
                Err(failed) => {
                    return failed
                        .into_iter()
                        .map(|(name, message)| Wrong { name, trial: i, message })
                        .collect();
                }
            };
            for (name, result) in found {
                let Some(reference) = trial.reference.get(&name) else { continue };
                let outcome = Outcome::new(&name, result);
                if let Some(message) = reference.difference(&outcome, trial.case.is_given) {
                    wrongs.push(Wrong { name, trial: i, message });
                }
            }
        }
        wrongs
    }

    /// Puts templates right, or back, until nothing is wrong.
    fn settle(&mut self) {
        for _ in 0..MAX_ROUNDS {
            let wrongs = self.wrongs();
            if wrongs.is_empty() {
                return;
            }
            let mut changed = false;
            let mut innocent = Vec::new();
            for wrong in wrongs {
                match self.states.get(&wrong.name) {
                    Some(State::Converted { holes, careful, .. }) => {
                        let all = holes.clone();
                        let was_careful = !careful.is_empty() || all.is_empty();
                        let again = (!was_careful).then(|| self.convert(&wrong.name, &all));
                        let case = &self.trials[wrong.trial].case.name;
                        let state = match again {
                            Some(Ok(Converted { text, holes })) => {
                                State::Converted { text, holes, careful: all }
                            }
                            _ => State::Kept {
                                reason: format!("with {case}: {}", wrong.message),
                                line: None,
                            },
                        };
                        self.states.insert(wrong.name, state);
                        changed = true;
                    }
                    _ => innocent.push(wrong),
                }
            }
            if !changed {
                self.blame(&innocent);
            }
        }
        // What is still wrong goes back as a whole.
        if !self.wrongs().is_empty() {
            self.give_up("the templates together do not write the same");
        }
    }

    /// Puts back what makes templates that were not touched write something else.
    fn blame(&mut self, wrongs: &[Wrong]) {
        let mut found = false;
        for wrong in wrongs {
            let names: Vec<String> = self.texts().keys().map(|name| (*name).to_owned()).collect();
            for name in names {
                let base = name.rsplit('/').next().unwrap_or(&name);
                if wrong.message.contains(base) {
                    let reason = format!("{} includes its text", wrong.name);
                    self.states.insert(name, State::Kept { reason, line: None });
                    found = true;
                }
            }
        }
        if !found {
            let name = wrongs.first().map_or("", |wrong| wrong.name.as_str());
            self.give_up(&format!("without it {name} writes something else"));
        }
    }

    fn give_up(&mut self, reason: &str) {
        for state in self.states.values_mut() {
            if matches!(state, State::Converted { .. }) {
                *state = State::Kept { reason: reason.to_owned(), line: None };
            }
        }
    }

    /// Returns whether a template writes the same with this text.
    fn holds(&self, name: &str, text: &str) -> bool {
        let mut texts = self.texts();
        texts.insert(name, text);
        self.trials.iter().all(|trial| {
            let Some(reference) = trial.reference.get(name) else { return true };
            match self.render(trial, &texts, &|other| other == name) {
                Ok(found) => found.into_iter().all(|(name, result)| {
                    let outcome = Outcome::new(&name, result);
                    reference.difference(&outcome, trial.case.is_given).is_none()
                }),
                Err(_) => false,
            }
        })
    }

    /// Takes care off the holes that do not need it.
    fn relax(&mut self) {
        let names: Vec<String> = self.states.keys().cloned().collect();
        for name in names {
            let Some(State::Converted { careful, .. }) = self.states.get(&name) else { continue };
            let mut needed = careful.clone();
            let mut open: Vec<Vec<usize>> = match needed.len() {
                0 => continue,
                _ => halves(needed.iter().copied().collect()),
            };
            let mut trials = 0;
            while let Some(part) = open.pop() {
                if trials >= MAX_TRIALS {
                    break;
                }
                trials += 1;
                let fewer: BTreeSet<usize> =
                    needed.iter().copied().filter(|hole| !part.contains(hole)).collect();
                match self.convert(&name, &fewer) {
                    Ok(converted) if self.holds(&name, &converted.text) => needed = fewer,
                    _ if part.len() > 1 => open.extend(halves(part)),
                    _ => {}
                }
            }
            if let Ok(Converted { text, holes }) = self.convert(&name, &needed) {
                self.states.insert(name, State::Converted { text, holes, careful: needed });
            }
        }
    }

    fn finish(self) -> Conversion {
        let Prover { mut chart, trials, states, .. } = self;
        let mut files = Vec::new();
        for file in &mut chart.templates {
            let Some(state) = states.get(&file.name) else { continue };
            let name = file.name.clone();
            let fate = match state {
                State::Jinja => Fate::Jinja,
                State::Kept { reason, line } => Fate::Kept { reason: reason.clone(), line: *line },
                State::Converted { text, careful, .. } => {
                    file.name = new_name(&file.name);
                    file.data = text.as_str().into();
                    Fate::Converted { name: file.name.clone(), raw: careful.len() }
                }
            };
            files.push(FileReport { name, fate });
        }
        files.sort_by(|a, b| a.name.cmp(&b.name));
        Conversion { chart, files, cases: trials.len() }
    }
}

fn halves(mut part: Vec<usize>) -> Vec<Vec<usize>> {
    let second = part.split_off(part.len() / 2);
    [part, second].into_iter().filter(|half| !half.is_empty()).collect()
}
