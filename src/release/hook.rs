use super::Time;
use crate::manifest::Hook;

/// A hook with the outcome of its last run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookRecord {
    /// The hook.
    pub hook: Hook,
    /// Its last run.
    pub last_run: HookRun,
}

/// The last run of a hook. All fields are empty when it never ran.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HookRun {
    /// When it began.
    pub started_at: Option<Time>,
    /// When it ended.
    pub completed_at: Option<Time>,
    /// How it ended.
    pub phase: HookPhase,
}

/// How the last run of a hook ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HookPhase {
    /// It never ran.
    #[default]
    Never,
    /// The outcome is not known: the process may have died.
    Unknown,
    /// It is running.
    Running,
    /// It succeeded.
    Succeeded,
    /// It failed.
    Failed,
}

impl HookPhase {
    const ALL: [HookPhase; 5] = [
        HookPhase::Never,
        HookPhase::Unknown,
        HookPhase::Running,
        HookPhase::Succeeded,
        HookPhase::Failed,
    ];

    /// Returns the word in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            HookPhase::Never => "",
            HookPhase::Unknown => "Unknown",
            HookPhase::Running => "Running",
            HookPhase::Succeeded => "Succeeded",
            HookPhase::Failed => "Failed",
        }
    }

    /// Reads the word of a record; [`HookPhase::Unknown`] for any other.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        HookPhase::ALL.into_iter().find(|p| p.as_str() == word).unwrap_or(HookPhase::Unknown)
    }
}
