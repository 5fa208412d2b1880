use super::{Tracked, Unread};
use crate::chart::{Chart, Warning};
use crate::value::{Map, Value};
use crate::values::{Switches, UserValues};

/// Which values ought to be read by a template.
#[derive(Clone, Copy, Debug)]
pub struct ValueCheck<'a> {
    /// The values that were given for this render.
    pub given: &'a UserValues,
    /// What becomes of those that nobody reads.
    pub unread: UnreadValues,
}

/// What becomes of values that no template reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnreadValues {
    /// They can be found through the [`Tracked`] values.
    Keep,
    /// There is a warning about each.
    Warn,
    /// They are an error (`--strict-values`).
    Refuse,
}

impl UnreadValues {
    /// Returns what a command does that warns unless it is called as `helm`.
    #[must_use]
    pub fn of_command(is_strict: bool, warns: bool) -> Option<Self> {
        match (is_strict, warns) {
            (true, _) => Some(UnreadValues::Refuse),
            (false, true) => Some(UnreadValues::Warn),
            (false, false) => None,
        }
    }
}

/// How many unread values are told one by one.
const MAX_TOLD: usize = 10;

/// Of more values than this nobody wants to know, unasked, which are read: it takes three times the
/// memory of the render.
const MAX_CHECKED: usize = 100_000;

impl ValueCheck<'_> {
    /// Makes the values to render with; `None` when there is nothing to look for, or too much.
    #[must_use]
    pub fn start(
        &self,
        merged: &Map,
        switches: Switches,
        warnings: &mut Vec<Warning>,
    ) -> Option<Tracked> {
        let given = &self.given.values;
        if self.unread != UnreadValues::Keep && given.is_empty() {
            return None;
        }
        if self.unread == UnreadValues::Warn
            && !has_fewer(&Value::Map(given.clone()), &mut MAX_CHECKED.clone())
        {
            warnings.push(Warning::advice(format!(
                "more than {MAX_CHECKED} values are given; which of them no template reads is not \
                 looked for"
            )));
            return None;
        }
        Some(Tracked::new(merged, given, switches))
    }

    /// Words what nobody has read: so many lines at most, and one more for the rest.
    #[must_use]
    pub fn lines(&self, tracked: &Tracked, chart: &Chart) -> Vec<String> {
        if self.unread == UnreadValues::Keep {
            return Vec::new();
        }
        let unread = tracked.unread(chart, self.given, MAX_TOLD);
        let mut lines: Vec<String> = unread.iter().take(MAX_TOLD).map(Unread::message).collect();
        if let Some(rest) = unread.len().checked_sub(MAX_TOLD).filter(|rest| *rest > 0) {
            lines.push(format!(
                "{rest} more values are not read by any template; `rhumb values --unread` names \
                 them"
            ));
        }
        lines
    }
}

/// Returns whether a value has fewer values within than `left`, which it counts down.
fn has_fewer(value: &Value, left: &mut usize) -> bool {
    let Some(rest) = left.checked_sub(1) else { return false };
    *left = rest;
    stacker::maybe_grow(64 << 10, 1 << 20, || match value {
        Value::Map(map) => {
            map.with(|entries| entries.iter().all(|(_, value)| has_fewer(value, left)))
        }
        Value::List(list) => list.items().iter().all(|item| has_fewer(item, left)),
        _ => true,
    })
}
