use std::ops::Range;

use crate::{chart, json};

/// Why values could not be read or merged.
///
/// `Display` gives the whole text that Helm 4.3.1 prints after `Error: `, causes included.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A values file could not be opened.
    #[error("open {path}: {}", chart::io_text(cause))]
    Open {
        /// The path as given.
        path: String,
        /// What the system says.
        cause: std::io::Error,
    },
    /// A values file could not be read.
    #[error("read {path}: {}", chart::io_text(cause))]
    Read {
        /// The path as given; `-` is standard input.
        path: String,
        /// What the system says.
        cause: std::io::Error,
    },
    /// A values file lies on a server, and nothing was given that fetches it.
    #[error("failed to read `{url}`: this build does not fetch values files")]
    Remote {
        /// The address as given.
        url: String,
    },
    /// A file could not be fetched from its server.
    #[error("{0}")]
    Fetch(String),
    /// A values file is no YAML.
    #[error("failed to parse {path}: {cause}")]
    Parse {
        /// The path as given.
        path: String,
        /// What is wrong with it.
        cause: chart::ValuesFault,
    },
    /// An argument of the `--set` family is wrong.
    #[error("failed parsing {flag} data: {cause}")]
    Set {
        /// The flag, `--set` and so on.
        flag: &'static str,
        /// The argument.
        argument: String,
        /// The pair that is refused, in bytes from the start of the argument.
        place: Option<Range<usize>>,
        /// What is wrong with it.
        cause: SetError,
    },
    /// An object given to `--set-json` is no JSON.
    #[error("failed parsing --set-json data JSON: {argument}")]
    SetJsonObject {
        /// The argument.
        argument: String,
        /// What is wrong with it, which Helm does not tell.
        cause: json::Error,
    },
    /// An assignment given to `--set-json` is wrong.
    #[error("failed parsing --set-json data {argument}")]
    SetJson {
        /// The argument.
        argument: String,
        /// The pair that is refused, in bytes from the start of the argument.
        place: Option<Range<usize>>,
        /// What is wrong with it, which Helm does not tell.
        cause: SetError,
    },
    /// The comma-separated list of values files is wrong.
    #[error(
        "invalid argument {argument:?} for \"-f, --values\" flag: parse error on line 1, column {column}: {message}"
    )]
    List {
        /// The argument.
        argument: String,
        /// What is wrong with it.
        message: &'static str,
        /// Where, in bytes from 1.
        column: usize,
    },
    /// The subcharts could not be switched on and off.
    #[error("chart dependencies processing failed: {0}")]
    Dependencies(Box<Error>),
    /// The values of a subchart are no map.
    #[error("type mismatch on {name}: {found}")]
    SubchartValues {
        /// The subchart.
        name: String,
        /// The value found, as Go prints it with `%t`.
        found: String,
    },
}

/// What is wrong with an argument of the `--set` family, in Helm's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SetError {
    /// A key that nothing follows.
    #[error("key {0:?} has no value")]
    NoValue(String),
    /// A key that a comma follows.
    #[error("key {0:?} has no value (cannot end with ,)")]
    EndsWithComma(String),
    /// A path that ends in nothing.
    #[error("key map {0:?} has no value")]
    EmptyMap(String),
    /// More dots than are allowed.
    #[error("value name nested level is greater than maximum supported nested level of {0}")]
    TooDeep(usize),
    /// An index that is no number.
    #[error("error parsing index: {0}")]
    Index(String),
    /// An index below zero.
    #[error("negative {0} index not allowed")]
    NegativeIndex(i64),
    /// An index beyond what is allowed.
    #[error("index of {index} is greater than maximum supported index of {limit}")]
    LargeIndex {
        /// The index.
        index: i64,
        /// The largest one allowed.
        limit: i64,
    },
    /// Text between an index and what follows it.
    #[error("unexpected data at end of array index: [{}]", quoted_characters(text))]
    AfterIndex {
        /// The text.
        text: String,
    },
    /// A list without its end.
    #[error("list must terminate with '}}'")]
    OpenList,
    /// A path leads through a value that is neither map nor list.
    #[error("unable to parse key: interface conversion: interface {{}} is {found}, not {wanted}")]
    Conversion {
        /// The Go type found.
        found: &'static str,
        /// The Go type needed.
        wanted: &'static str,
    },
    /// The text after `=` is no JSON.
    #[error("{0}")]
    Json(String),
    /// A file named by `--set-file` could not be read.
    #[error("{0}")]
    File(String),
}

/// Returns the characters as Go prints a list of them.
fn quoted_characters(text: &str) -> String {
    let quoted: Vec<String> =
        text.chars().map(|c| if c == '"' { "'\"'".to_owned() } else { format!("{c:?}") }).collect();
    quoted.join(" ")
}
