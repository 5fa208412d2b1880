use std::cell::Cell;

use super::failure::{Failure, Kind};

/// How many schemas may be held against values in one check, and the like: some seconds of work.
/// The largest schemas there are take some hundred thousand.
const MAX_STEPS: usize = 10_000_000;

/// How many bytes the failures of one check may take.
const MAX_FAILURES: usize = 32 << 20;

/// What a check may cost. Schemas that refer to each other can ask for work without an end.
#[derive(Debug)]
pub(super) struct Budget {
    max_steps: usize,
    max_failures: usize,
    steps: Cell<usize>,
    /// Bytes of the failures that are kept.
    failures: Cell<usize>,
    too_many: Cell<bool>,
}

impl Default for Budget {
    fn default() -> Self {
        Budget::new(MAX_STEPS, MAX_FAILURES)
    }
}

impl Budget {
    /// Makes a budget of so many steps, and so many bytes of failures.
    pub(super) fn new(max_steps: usize, max_failures: usize) -> Self {
        let (steps, failures, too_many) = Default::default();
        Budget { max_steps, max_failures, steps, failures, too_many }
    }

    /// Counts steps, and returns whether the check may go on.
    pub(super) fn spend(&self, steps: usize) -> bool {
        self.steps.set(self.steps.get().saturating_add(steps));
        self.exceeded().is_none()
    }

    /// Counts a failure, its causes not included.
    pub(super) fn keep(&self, failure: &Failure) {
        self.failures.set(self.failures.get() + weight(failure));
        if self.failures.get() > self.max_failures {
            self.too_many.set(true);
        }
    }

    /// Takes failures that nobody will see off the count, causes included.
    pub(super) fn release(&self, failures: &[Failure]) {
        let mut open: Vec<&Failure> = failures.iter().collect();
        while let Some(failure) = open.pop() {
            self.failures.set(self.failures.get().saturating_sub(weight(failure)));
            open.extend(&failure.causes);
        }
    }

    /// Returns how many bytes the failures take that are kept.
    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.failures.get()
    }

    /// Returns what is wrong when the check has cost too much.
    pub(super) fn exceeded(&self) -> Option<String> {
        if self.steps.get() > self.max_steps {
            return Some(format!("the check was given up after {} steps", self.max_steps));
        }
        self.too_many.get().then(|| {
            format!("the check was given up after {} bytes of failures", self.max_failures)
        })
    }
}

/// Returns about how many bytes a failure takes without its causes.
fn weight(failure: &Failure) -> usize {
    let message = match &failure.kind {
        Kind::Keyword(message) => message.len(),
        Kind::Group | Kind::Reference => 0,
    };
    size_of::<Failure>() + failure.at.len() + message
}
