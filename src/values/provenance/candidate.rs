//! All places that have a say in a value, in the order in which they win.

use std::sync::Arc;

use super::origin::{Source, Via};
use crate::chart::ValuesDocument;
use crate::value::{Map, Str, Value};
use crate::values::path::{PathStep, ValuePath};

/// A source with its content.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) source: Source,
    /// What this source alone says.
    pub(super) values: Map,
    /// The text of a file.
    pub(super) text: Option<Str>,
    /// The documents of a file.
    pub(super) documents: Arc<[ValuesDocument]>,
}

impl Content {
    /// Returns the line of the key of the value at `path`.
    pub(super) fn line(&self, path: &ValuePath) -> Option<usize> {
        let steps = path.yaml_steps();
        let holds = |document: &&ValuesDocument| path.find(&document.values).is_some();
        let document = self.documents.iter().rev().find(holds)?;
        let located = (0..=steps.len()).rev().find_map(|n| document.positions.get(&steps[..n]))?;
        let position = located.key.unwrap_or(located.start);
        Some(document.lines_before + position.line)
    }
}

/// A table that a chart takes over from a subchart.
#[derive(Debug)]
pub(super) struct Import {
    /// The name of the subchart.
    pub(super) name: String,
    /// The path of the table in the subchart's values.
    pub(super) child: Vec<PathStep>,
    /// The path it gets in the chart's values.
    pub(super) parent: Vec<PathStep>,
}

/// A chart of the tree.
#[derive(Debug)]
pub(super) struct ChartNode {
    pub(super) name: String,
    /// Its defaults: the index of the source.
    pub(super) content: usize,
    pub(super) imports: Vec<Import>,
    pub(super) children: Vec<ChartNode>,
}

impl ChartNode {
    fn child(&self, name: &str) -> Option<&ChartNode> {
        self.children.iter().find(|child| child.name == name)
    }
}

/// One place that says something of a value.
pub(super) struct Candidate {
    pub(super) content: usize,
    /// The path inside that source.
    pub(super) path: ValuePath,
    pub(super) via: Via,
    pub(super) value: Value,
}

/// Finds the places for one path.
pub(super) struct Search<'a> {
    pub(super) contents: &'a [Content],
    /// How many of the contents are the user's; they come first, the weakest first.
    pub(super) users: usize,
    pub(super) root: &'a ChartNode,
    pub(super) found: Vec<Candidate>,
}

/// How many imports may lead from one to the next.
const MAX_IMPORTS: usize = 8;

impl Search<'_> {
    /// Collects all places that speak of `path`, strongest first.
    pub(super) fn run(mut self, path: &ValuePath) -> Vec<Candidate> {
        let mut chain = vec![self.root];
        for step in &path.0 {
            let PathStep::Key(key) = step else { break };
            let Some(child) = chain.last().and_then(|chart| chart.child(&key.to_str_lossy()))
            else {
                break;
            };
            chain.push(child);
        }
        let depth = chain.len() - 1;
        self.in_chart(&chain, &path.0[depth..], Via::Direct, true, 0);
        self.found
    }

    /// Collects what is said of `rest` in the values of the last chart of `chain`.
    fn in_chart(
        &mut self,
        chain: &[&ChartNode],
        rest: &[PathStep],
        via: Via,
        with_user: bool,
        imports: usize,
    ) {
        let depth = chain.len() - 1;
        let is_global = matches!(rest.first(), Some(PathStep::Key(key)) if key == "global");
        if is_global && depth > 0 {
            self.in_chart(&chain[..depth], rest, Via::Global, with_user, imports);
        }
        let name = |chart: &&ChartNode| PathStep::Key(chart.name.as_str().into());
        let full: Vec<PathStep> = chain[1..].iter().map(name).chain(rest.iter().cloned()).collect();
        if with_user {
            for content in (0..self.users).rev() {
                self.look(content, &full, via);
            }
        }
        for (level, chart) in chain.iter().enumerate() {
            let via = if via == Via::Direct && level < depth { Via::Parent } else { via };
            self.look(chart.content, &full[level..], via);
            self.imports(&chain[..=level], &full[level..], imports);
        }
    }

    fn imports(&mut self, chain: &[&ChartNode], rest: &[PathStep], imports: usize) {
        let Some(chart) = chain.last().filter(|_| imports < MAX_IMPORTS) else { return };
        for import in &chart.imports {
            let Some(inner) = rest.strip_prefix(import.parent.as_slice()) else { continue };
            let Some(child) = chart.child(&import.name) else { continue };
            let path: Vec<PathStep> = import.child.iter().chain(inner).cloned().collect();
            // The table may lie in the values of a chart further down.
            let mut chain = vec![*chart, child];
            let mut rest = path.as_slice();
            while let Some(PathStep::Key(key)) = rest.first()
                && let Some(child) = chain.last().and_then(|chart| chart.child(&key.to_str_lossy()))
            {
                chain.push(child);
                rest = &rest[1..];
            }
            let before = self.found.len();
            self.in_chart(&chain, rest, Via::Import, false, imports + 1);
            for candidate in &mut self.found[before..] {
                candidate.via = Via::Import;
            }
        }
    }

    fn look(&mut self, content: usize, path: &[PathStep], via: Via) {
        let path = ValuePath(path.to_vec());
        let Some(value) = path.find(&self.contents[content].values) else { return };
        let is_known =
            self.found.iter().any(|known| known.content == content && known.path == path);
        if !is_known {
            self.found.push(Candidate { content, path, via, value });
        }
    }
}
