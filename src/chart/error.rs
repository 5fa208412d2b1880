use std::io;
use std::path::PathBuf;

use crate::yaml;

/// Why a chart could not be loaded or prepared.
///
/// `Display` gives the whole text that Helm 4.3.1 prints after `Error: `, causes included.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is nothing at the path.
    #[error("stat {}: {}", path.display(), io_text(cause))]
    NotFound {
        /// The path asked for.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// A folder without a readable `Chart.yaml`.
    #[error("unable to detect chart at {}: open {}: {}", path.display(), path.display(), io_text(cause))]
    Undetected {
        /// The path of the `Chart.yaml` looked for.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// A file could not be read.
    #[error("error reading {}: {}", path.display(), io_text(cause))]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// A symbolic link leads nowhere.
    #[error("error evaluating symlink {}: lstat {}: {}", path.display(), target.display(), io_text(cause))]
    BrokenLink {
        /// The link.
        path: PathBuf,
        /// What it points to.
        target: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// A device, socket or named pipe in a chart folder.
    #[error("cannot load irregular file {} as it has file mode type bits set", path.display())]
    Irregular {
        /// The file.
        path: PathBuf,
    },
    /// A file name that is not UTF-8.
    #[error("file name {} is not UTF-8", path.display())]
    FileName {
        /// The file.
        path: PathBuf,
    },
    /// A chart folder holds more than the allowed total.
    #[error("chart exceeds maximum decompressed size of {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// Folders or charts lie deeper within each other than is allowed.
    #[error("charts are nested deeper than {limit} levels")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// The archives within a chart are larger than allowed, all together.
    #[error(
        "the archives in charts/, and in those within them, are larger than {limit} bytes together"
    )]
    InnerArchives {
        /// The limit in bytes.
        limit: u64,
    },
    /// A line of `.helmignore` is wrong.
    #[error("{0}")]
    Ignore(#[from] IgnoreFault),
    /// A file that should be an archive is YAML.
    #[error("file '{}' seems to be a YAML file, but expected a gzipped archive", path.display())]
    YamlArchive {
        /// The file.
        path: PathBuf,
    },
    /// A file that should be an archive is something else.
    #[error("file '{}' does not appear to be a gzipped archive; got '{content_type}'", path.display())]
    NotArchive {
        /// The file.
        path: PathBuf,
        /// What its first bytes look like.
        content_type: &'static str,
    },
    /// An archive is damaged or holds what it must not.
    ///
    /// Where Helm loads a chart from an archive it prints only `unable to load chart archive`;
    /// this is the reason it leaves out.
    #[error("{0}")]
    Archive(#[from] ArchiveFault),
    /// There is no `Chart.yaml`.
    #[error("Chart.yaml file is missing")]
    MissingMetadata,
    /// There is no `Chart.yaml` in an archive.
    #[error("unable to detect chart version, no Chart.yaml found")]
    UndetectedVersion,
    /// `Chart.yaml` names an API version that is not known.
    #[error("unsupported chart version")]
    UnsupportedVersion,
    /// `Chart.yaml` names API version `v3`.
    #[error("invalid chart apiVersion")]
    InvalidVersion,
    /// A YAML file of the chart cannot be read.
    #[error("cannot load {file}: error converting YAML to JSON: {cause}")]
    Yaml {
        /// The file inside the chart.
        file: &'static str,
        /// What is wrong with it.
        cause: yaml::Error,
    },
    /// A YAML file of the chart does not have the expected shape.
    #[error("cannot load {file}: error unmarshaling JSON: while decoding JSON: {message}")]
    Shape {
        /// The file inside the chart.
        file: &'static str,
        /// What does not fit, in the words of Go's JSON decoder.
        message: String,
        /// Where it stands.
        place: Option<Place>,
    },
    /// A document of `values.yaml` cannot be read.
    #[error("cannot load values.yaml: {0}")]
    Values(ValuesFault),
    /// The metadata is readable but wrong.
    #[error("validation: {message}")]
    Invalid {
        /// What is wrong with it.
        message: String,
        /// The field, as in `.dependencies.0.alias`; empty for one that is missing.
        field: String,
        /// Where it stands in `Chart.yaml`.
        place: Option<Place>,
    },
    /// A subchart could not be loaded.
    #[error("error unpacking subchart {name} in {parent}: {cause}")]
    Subchart {
        /// The entry in `charts/`.
        name: String,
        /// The name of the chart it belongs to.
        parent: String,
        /// What is wrong with it.
        cause: Box<Error>,
    },
    /// Something in `charts/` is named like an archive but is a folder.
    #[error("error unpacking subchart tar in {parent}: expected {name}, got {found}")]
    SubchartName {
        /// The entry in `charts/`.
        name: String,
        /// The name of the chart it belongs to.
        parent: String,
        /// The first file found under that name.
        found: String,
    },
    /// Declared dependencies are not there.
    #[error("found in Chart.yaml, but missing in charts/ directory: {}", names.join(", "))]
    MissingDependencies {
        /// Their names, in declared order.
        names: Vec<String>,
    },
}

/// A place in a file of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// The line.
    pub line_text: String,
}

impl Error {
    /// Returns whether Helm prints `unable to load chart archive` in place of this reason when
    /// the chart was given as an archive.
    #[must_use]
    pub fn is_archive_fault(&self) -> bool {
        matches!(self, Error::Archive(_))
    }
}

/// What is wrong with a document of a values file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValuesFault {
    /// It is no YAML.
    #[error("cannot unmarshal yaml document: error converting YAML to JSON: {0}")]
    Yaml(#[from] yaml::Error),
    /// A line starts with `---` and is no separator.
    #[error("error reading yaml document: {0}")]
    Separator(yaml::Error),
    /// It is no map.
    #[error(
        "cannot unmarshal yaml document: error unmarshaling JSON: while decoding JSON: json: \
         cannot unmarshal {found} into Go value of type map[string]interface {{}}"
    )]
    Shape {
        /// What it is in JSON's words: `array`, `string`, ….
        found: &'static str,
    },
}

/// What is wrong with a line of `.helmignore`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IgnoreFault {
    /// `**` has no meaning.
    #[error("double-star (**) syntax is not supported")]
    DoubleStar,
    /// The pattern cannot be parsed.
    #[error("syntax error in pattern")]
    BadPattern,
    /// A line is longer than 64 KiB.
    #[error("bufio.Scanner: token too long")]
    LineTooLong,
}

/// What is wrong with an archive.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveFault {
    /// The bytes do not start as gzip.
    #[error("gzip: invalid header")]
    NotGzip,
    /// There are no bytes at all.
    #[error("EOF")]
    Empty,
    /// The bytes end too early.
    #[error("unexpected EOF")]
    Truncated,
    /// The compressed data or its checksum is wrong.
    #[error("gzip: {0}")]
    Corrupt(String),
    /// A tar header is wrong.
    #[error("archive/tar: invalid tar header")]
    Header,
    /// A file name starts with `/` behind its first part.
    #[error("chart illegally contains absolute paths")]
    AbsolutePath,
    /// A file lies above the chart's folder.
    #[error("chart illegally references parent directory")]
    ParentDirectory,
    /// A file does not lie in the chart's folder.
    #[error("chart illegally contains content outside the base directory: {0:?}")]
    OutsideBase(String),
    /// A file name starts with a drive letter.
    #[error("chart contains illegally named files")]
    IllegalName,
    /// A file name is not UTF-8.
    #[error("chart contains a file name that is not UTF-8")]
    NameEncoding,
    /// `Chart.yaml` lies beside the chart's folder.
    #[error("chart yaml not in base directory")]
    MetadataOutsideBase,
    /// The files are larger than allowed when inflated.
    #[error("decompressed chart is larger than the maximum size {limit}")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// There is no file in it.
    #[error("no files in chart archive")]
    NoFiles,
}

/// Returns the text of a system error as Go prints it: lower case, without the number.
pub(crate) fn io_text(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => String::new(),
    }
}
