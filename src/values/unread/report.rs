use std::cell::OnceCell;
use std::collections::{BTreeMap, HashSet};

use super::near::nearest;
use super::track::Tracked;
use crate::chart::Chart;
use crate::value::{Map, Str, Value};
use crate::values::path::PathStep;
use crate::values::provenance::{Leaf, Origin, Source};
use crate::values::{SwitchedOff, UserValues, ValuePath};

/// Why nobody reads a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No template looks at it.
    NoTemplate,
    /// It is meant for a subchart that is off.
    Off(SwitchedOff),
}

/// A value that no template reads.
#[derive(Clone, Debug)]
pub struct Unread {
    /// The path; of a map, when there are several values and all inside are unread.
    pub path: ValuePath,
    /// How many values there are at the path.
    pub count: usize,
    /// Where the first of them was written.
    pub origin: Option<Origin>,
    /// Why.
    pub reason: Reason,
    /// The path most like it that templates do read.
    pub near: Option<String>,
}

impl Unread {
    /// Returns a line about it: what, why, and what may have been meant.
    #[must_use]
    pub fn message(&self) -> String {
        let Unread { path, count, origin, reason, near } = self;
        let several = if *count > 1 { format!(" ({count} values)") } else { String::new() };
        let subject = match origin {
            Some(origin) => match &origin.source {
                Source::Argument { argument, .. }
                    if argument
                        .strip_prefix(&path.to_string())
                        .is_some_and(|rest| rest.starts_with('=') && !rest.contains(',')) =>
                {
                    origin.place()
                }
                Source::Argument { .. } => format!("{path}{several} of {}", origin.place()),
                Source::Given => format!("{path}{several}"),
                _ => format!("{}: {path}{several}", origin.place()),
            },
            None => format!("{path}{several}"),
        };
        match reason {
            Reason::Off(off) => format!("{subject} {off}"),
            Reason::NoTemplate => match near {
                Some(near) => {
                    format!("{subject} is not read by any template; did you mean {near}?")
                }
                None => {
                    let trap = self.boolean_key().unwrap_or_default();
                    format!("{subject} is not read by any template{trap}")
                }
            },
        }
    }

    /// Tells of the keys that YAML 1.1 reads as booleans, if the value may lie under one.
    fn boolean_key(&self) -> Option<&'static str> {
        let is_given = matches!(self.origin.as_ref()?.source, Source::Argument { .. });
        let Some(PathStep::Key(key)) = self.path.0.last().filter(|_| !is_given) else {
            return None;
        };
        match key.as_bytes() {
            b"true" => Some("; YAML reads the keys y, yes and on as the boolean true: quote them"),
            b"false" => {
                Some("; YAML reads the keys n, no and off as the boolean false: quote them")
            }
            _ => None,
        }
    }
}

/// Returns the chart whose values begin at the longest part of `path`, and the length of that part.
fn owner<'a>(chart: &'a Chart, path: &[PathStep]) -> (&'a Chart, usize) {
    let mut chart = chart;
    for (depth, step) in path.iter().enumerate() {
        let PathStep::Key(key) = step else { return (chart, depth) };
        match chart.dependencies.iter().find(|child| *key == *child.name()) {
            Some(child) => chart = child,
            None => return (chart, depth),
        }
    }
    (chart, path.len())
}

impl Tracked {
    /// Returns the user's values that no template has read so far, those of one map together.
    ///
    /// `chart` is the chart that was rendered, with its dependencies processed. Suggestions are
    /// made for the first `suggestions` of them.
    #[must_use]
    pub fn unread(&self, chart: &Chart, user: &UserValues, suggestions: usize) -> Vec<Unread> {
        let leaves = crate::values::provenance::user_leaves(user);
        self.group(chart, leaves, suggestions)
    }

    /// Returns the leaves of all merged values that no template has read so far.
    #[must_use]
    pub fn unread_leaves(&self, chart: &Chart, leaves: &[Leaf]) -> Vec<Leaf> {
        let tested = Tested::default();
        let is_unread = |leaf: &&Leaf| !self.is_read(chart, &leaf.path, &leaf.value, &tested);
        leaves.iter().filter(is_unread).cloned().collect()
    }

    /// Takes the unread ones of some leaves, those of one map together.
    #[must_use]
    pub fn group(&self, chart: &Chart, leaves: Vec<Leaf>, suggestions: usize) -> Vec<Unread> {
        let tested = Tested::default();
        // How many leaves lie at a path and how many of them are unread.
        let mut counts: BTreeMap<ValuePath, (usize, usize)> = BTreeMap::new();
        let mut unread = Vec::new();
        for leaf in leaves {
            let is_unread = !self.is_read(chart, &leaf.path, &leaf.value, &tested);
            for length in 1..=leaf.path.0.len() {
                let count = counts.entry(ValuePath(leaf.path.0[..length].to_vec())).or_default();
                count.0 += 1;
                count.1 += usize::from(is_unread);
            }
            if is_unread {
                unread.push(leaf);
            }
        }
        let mut found: Vec<Unread> = Vec::new();
        let mut firsts: Vec<ValuePath> = Vec::new();
        for leaf in unread {
            let whole = (1..=leaf.path.0.len())
                .map(|length| ValuePath(leaf.path.0[..length].to_vec()))
                .find(|path| counts.get(path).is_some_and(|(all, unread)| all == unread));
            let path = whole.unwrap_or_else(|| leaf.path.clone());
            if let Some(last) = found.last_mut()
                && last.path == path
            {
                last.count += 1;
                continue;
            }
            let off = self.off.iter().find(|off| path.0.starts_with(&off.path.0));
            let off = off.or_else(|| self.off.iter().find(|off| off.path == path)).cloned();
            let reason = off.map_or(Reason::NoTemplate, Reason::Off);
            found.push(Unread { path, count: 1, origin: leaf.origin, reason, near: None });
            firsts.push(leaf.path);
        }
        for (one, first) in found.iter_mut().zip(firsts) {
            if one.count == 1 {
                one.path = first;
            }
        }
        self.suggest(&mut found, suggestions);
        found
    }

    fn suggest(&self, unread: &mut [Unread], suggestions: usize) {
        let wanted = unread.iter_mut().filter(|one| one.reason == Reason::NoTemplate);
        let mut wanted = wanted.take(suggestions).peekable();
        if wanted.peek().is_none() {
            return;
        }
        let read = self.read_paths();
        for one in wanted {
            let path = one.path.to_string();
            one.near = nearest(&path, read.iter().map(String::as_str)).map(str::to_owned);
        }
    }

    /// Returns whether templates looked at a leaf. What this cannot tell for sure counts as read.
    fn is_read(&self, chart: &Chart, path: &ValuePath, value: &Value, tested: &Tested) -> bool {
        let (owner, depth) = owner(chart, &path.0);
        let rest = &path.0[depth..];
        let is_global = matches!(rest.first(), Some(PathStep::Key(key)) if *key == "global");
        if is_global && value.is_nil() {
            // It may have let a chart's own global through.
            return true;
        }
        if is_global && self.is_read_below(owner, &path.0[..depth], rest, tested) {
            return true;
        }
        self.looked_at(&path.0, tested).unwrap_or(true)
    }

    /// Returns whether a subchart reads a global that was handed down to it.
    fn is_read_below(
        &self,
        chart: &Chart,
        prefix: &[PathStep],
        rest: &[PathStep],
        tested: &Tested,
    ) -> bool {
        chart.dependencies.iter().any(|child| {
            let mut prefix = prefix.to_vec();
            prefix.push(PathStep::Key(child.name().into()));
            let full: Vec<PathStep> = prefix.iter().chain(rest).cloned().collect();
            self.looked_at(&full, tested).unwrap_or(false)
                || self.is_read_below(child, &prefix, rest, tested)
        })
    }

    /// Returns whether the leaf at a path of the tracked values was looked at; `None` when there
    /// is none.
    fn looked_at(&self, path: &[PathStep], tested: &Tested) -> Option<bool> {
        let mut value = Value::Map(self.values.clone());
        let mut leaves: Vec<u32> = Vec::new();
        let mut maps: Vec<Map> = Vec::new();
        for step in path {
            value = match (step, &value) {
                (PathStep::Key(key), Value::Map(map)) => {
                    maps.push(map.clone());
                    let link = map.link(key);
                    leaves = link.leaves().to_vec();
                    match map.peek(key) {
                        Some(value) => value,
                        None => Value::Absent,
                    }
                }
                (PathStep::Index(index), Value::List(list)) => list.get(*index)?,
                _ => return None,
            };
        }
        if leaves.is_empty() {
            return None;
        }
        if leaves.iter().any(|leaf| self.recorder.is_read(*leaf)) {
            return Some(true);
        }
        // The walk through all values is worth it only for what seems unread.
        let kept = tested.0.get_or_init(|| self.tested());
        Some(maps.iter().any(|map| map.tracked_number().is_some_and(|n| kept.contains(&n))))
    }

    /// Finds the maps of which only the emptiness was asked for: nothing inside is read.
    fn tested(&self) -> HashSet<u32> {
        let mut tested = HashSet::new();
        self.test(&Value::Map(self.values.clone()), &mut tested);
        tested
    }

    /// Returns whether something in the value is read.
    fn test(&self, value: &Value, tested: &mut HashSet<u32>) -> bool {
        stacker::maybe_grow(64 << 10, 1 << 20, || match value {
            Value::Map(map) => {
                let mut is_read = false;
                map.with(|entries| {
                    is_read = entries.has_read();
                    for (_, value) in entries.peek_all() {
                        is_read |= self.test(value, tested);
                    }
                });
                if let Some(number) = map.tracked_number()
                    && !is_read
                    && self.recorder.is_tested(number)
                {
                    tested.insert(number);
                    return true;
                }
                is_read
            }
            Value::List(list) => {
                let mut is_read = false;
                for item in list.items().iter() {
                    is_read |= self.test(item, tested);
                }
                is_read
            }
            _ => false,
        })
    }

    /// Returns the paths that templates have looked at, those of maps with something read inside
    /// too, and those they looked for in vain.
    fn read_paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        let mut maps: BTreeMap<u32, String> = BTreeMap::new();
        self.collect(&self.values, "", &mut paths, &mut maps);
        for (map, key) in self.recorder.missed() {
            if let Some(path) = maps.get(&map) {
                paths.push(longer(path, &key));
            }
        }
        paths
    }

    fn collect(
        &self,
        map: &Map,
        path: &str,
        paths: &mut Vec<String>,
        maps: &mut BTreeMap<u32, String>,
    ) -> bool {
        if let Some(number) = map.tracked_number() {
            maps.entry(number).or_insert_with(|| path.to_owned());
        }
        let before = paths.len();
        map.with(|entries| {
            for (key, value) in entries.peek_all() {
                let is_read = || {
                    let link = map.link(key);
                    link.leaves().iter().any(|leaf| self.recorder.is_read(*leaf))
                };
                if let Value::Map(inner) = value {
                    let path = longer(path, key);
                    let inside = stacker::maybe_grow(64 << 10, 1 << 20, || {
                        self.collect(inner, &path, paths, maps)
                    });
                    if inside || is_read() {
                        paths.push(path);
                    }
                } else if is_read() {
                    paths.push(longer(path, key));
                }
            }
        });
        paths.len() > before
    }
}

/// Returns the path that goes on with `key`.
fn longer(path: &str, key: &Str) -> String {
    let key = ValuePath::of_keys([key.clone()]).to_string();
    if path.is_empty() { key } else { format!("{path}.{key}") }
}

/// The maps whose emptiness alone was asked for, once somebody needs to know.
#[derive(Default)]
struct Tested(OnceCell<HashSet<u32>>);
