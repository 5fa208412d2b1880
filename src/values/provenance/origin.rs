use crate::value::Value;
use crate::values::{SourceFlag, ValuePath};

/// What a value was written in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A values file of the user.
    File {
        /// The path as given; `-` is standard input.
        path: String,
    },
    /// An argument of the `--set` family.
    Argument {
        /// The flag.
        flag: SourceFlag,
        /// Which one of that flag's it is, from 1.
        number: usize,
        /// The argument.
        argument: String,
    },
    /// The defaults of a chart.
    Defaults {
        /// The path of the `values.yaml` in template names, such as `web/charts/db/values.yaml`.
        file: String,
    },
    /// The user's values, when nothing is known of how they were given.
    Given,
}

/// The way from where a value was written to where it is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// It was written for the place where it is seen.
    Direct,
    /// The chart above set it for its subchart.
    Parent,
    /// It is a global that a chart above handed down.
    Global,
    /// The chart above took it over from a subchart, by `import-values`.
    Import,
}

/// Where a value was written.
#[derive(Clone, Debug)]
pub struct Origin {
    /// What it was written in.
    pub source: Source,
    /// The path of the value inside the source.
    pub path: ValuePath,
    /// The line of the value's key in a file, from 1; of the nearest written one around it where
    /// the value came in through an alias.
    pub line: Option<usize>,
    /// The value as written there; for a map all that is written under it there.
    pub value: Value,
    /// The way it took.
    pub via: Via,
}

impl Origin {
    /// Returns the source in a few words: `prod.yaml:12`, `--set 'a=1'`,
    /// `web/charts/db/values.yaml:3`.
    #[must_use]
    pub fn place(&self) -> String {
        let line = self.line.map(|line| format!(":{line}")).unwrap_or_default();
        match &self.source {
            Source::File { path } if path.trim() == "-" => format!("standard input{line}"),
            Source::File { path } => format!("{path}{line}"),
            Source::Defaults { file } => format!("{file}{line}"),
            Source::Argument { flag, argument, .. } => {
                format!("{} '{}'", flag.name(), shortened(argument))
            }
            Source::Given => "the given values".to_owned(),
        }
    }
}

/// Returns the start of a long argument.
fn shortened(argument: &str) -> String {
    const LONGEST: usize = 60;
    let line = argument.lines().next().unwrap_or_default();
    if line.len() == argument.len() && line.chars().count() <= LONGEST {
        return argument.to_owned();
    }
    let start: String = line.chars().take(LONGEST).collect();
    format!("{start}…")
}
