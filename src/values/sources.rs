use std::fs;
use std::io::Read;

use super::Error;
use super::set::{
    ReadFile, parse_set_file_into, parse_set_into, parse_set_json_into, parse_set_literal_into,
    parse_set_string_into, refused,
};
use crate::chart::{self, merge_maps};
use crate::json;
use crate::value::{Map, Str, Value};

/// Where the user's values come from, as given on the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
pub struct ValueSources {
    /// specify values in a YAML file or a URL (can specify multiple)
    #[cfg_attr(feature = "cli", arg(short = 'f', long = "values", value_name = "strings"))]
    pub values: Vec<String>,
    /// set JSON values on the command line (can specify multiple or separate values with commas:
    /// key1=jsonval1,key2=jsonval2 or using json format: {"key1": jsonval1, "key2": "jsonval2"})
    #[cfg_attr(feature = "cli", arg(long, value_name = "stringArray"))]
    pub set_json: Vec<String>,
    /// set values on the command line (can specify multiple or separate values with commas:
    /// key1=val1,key2=val2)
    #[cfg_attr(feature = "cli", arg(long, value_name = "stringArray"))]
    pub set: Vec<String>,
    /// set STRING values on the command line (can specify multiple or separate values with
    /// commas: key1=val1,key2=val2)
    #[cfg_attr(feature = "cli", arg(long, value_name = "stringArray"))]
    pub set_string: Vec<String>,
    /// set values from respective files specified via the command line (can specify multiple or
    /// separate values with commas: key1=path1,key2=path2)
    #[cfg_attr(feature = "cli", arg(long, value_name = "stringArray"))]
    pub set_file: Vec<String>,
    /// set a literal STRING value on the command line
    #[cfg_attr(feature = "cli", arg(long, value_name = "stringArray"))]
    pub set_literal: Vec<String>,
}

/// Which flag a source of values was given with, in the order in which they are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceFlag {
    /// `-f`, `--values`
    Values,
    /// `--set-json`
    SetJson,
    /// `--set`
    Set,
    /// `--set-string`
    SetString,
    /// `--set-file`
    SetFile,
    /// `--set-literal`
    SetLiteral,
}

impl SourceFlag {
    /// Returns the flag as users type it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            SourceFlag::Values => "--values",
            SourceFlag::SetJson => "--set-json",
            SourceFlag::Set => "--set",
            SourceFlag::SetString => "--set-string",
            SourceFlag::SetFile => "--set-file",
            SourceFlag::SetLiteral => "--set-literal",
        }
    }
}

/// One values file or one argument of the `--set` family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserSource {
    /// The flag.
    pub flag: SourceFlag,
    /// Which one of that flag's it is, from 1; of the files of one flag each counts.
    pub number: usize,
    /// The path of the file as given, or the argument.
    pub argument: String,
    /// The content of the values file.
    pub text: Option<Str>,
    /// The files that `--set-file` named, with their content.
    pub files: Vec<(String, Str)>,
}

impl UserSource {
    /// Sets what the source says in `base`; a file that `--set-file` names is asked from `read`.
    fn apply(&self, base: &Map, read: &mut ReadFile<'_>) -> Result<(), Error> {
        let UserSource { flag, number: _, argument, text, files: _ } = self;
        let wrap = |cause| Error::Set {
            flag: flag.name(),
            argument: argument.clone(),
            place: refused(base, *flag, argument),
            cause,
        };
        match flag {
            SourceFlag::Values => {
                let text = text.clone().unwrap_or_default();
                let file = chart::read_values(text.as_bytes())
                    .map_err(|cause| Error::Parse { path: argument.clone(), cause })?;
                merge_maps(base, &file);
                Ok(())
            }
            SourceFlag::SetJson => set_json_argument(base, argument),
            SourceFlag::Set => parse_set_into(base, argument).map_err(wrap),
            SourceFlag::SetString => parse_set_string_into(base, argument).map_err(wrap),
            SourceFlag::SetFile => parse_set_file_into(base, argument, read).map_err(wrap),
            SourceFlag::SetLiteral => parse_set_literal_into(base, argument).map_err(wrap),
        }
    }

    /// Sets what the source says in `base`, once more and without asking the world.
    pub(super) fn apply_again(&self, base: &Map) -> Result<(), Error> {
        let find = |path: &str| self.files.iter().find(|(known, _)| known == path);
        let mut read =
            |path: &str| find(path).map(|(_, text)| text.clone()).ok_or_else(String::new);
        self.apply(base, &mut read)
    }
}

/// The user's values and the sources they come from.
#[derive(Clone, Debug, Default)]
pub struct UserValues {
    /// All sources merged.
    pub values: Map,
    /// The sources in the order they were applied: later ones win.
    pub sources: Vec<UserSource>,
}

impl ValueSources {
    /// Reads and merges all sources; later kinds win over earlier ones, in the order of the
    /// fields, whatever their order on the command line was.
    ///
    /// Each entry of `values` may name several files, parted by commas. `-` reads `stdin`. Nulls
    /// are kept. The result is writable and shares nothing.
    ///
    /// # Errors
    /// [`Error`] for the first source that cannot be read.
    pub fn read(&self, stdin: &mut dyn Read) -> Result<Map, Error> {
        Ok(self.read_sources(stdin)?.values)
    }

    /// Reads as [`ValueSources::read`] does and keeps what each source said.
    ///
    /// # Errors
    /// As [`ValueSources::read`].
    pub fn read_sources(&self, stdin: &mut dyn Read) -> Result<UserValues, Error> {
        self.read_sources_from(&mut Inputs { stdin, fetch: None })
    }

    /// Reads as [`ValueSources::read_sources`] does, files on servers too.
    ///
    /// # Errors
    /// As [`ValueSources::read`], and [`Error::Fetch`] with what `fetch` says.
    pub fn read_sources_from(&self, inputs: &mut Inputs) -> Result<UserValues, Error> {
        let ValueSources { values, set_json, set, set_string, set_file, set_literal } = self;
        let mut user = UserValues::default();
        for list in values {
            for path in split_list(list)? {
                let text = inputs.read(&path)?;
                user.add(SourceFlag::Values, path, Some(text), inputs)?;
            }
        }
        let arguments = [
            (SourceFlag::SetJson, set_json),
            (SourceFlag::Set, set),
            (SourceFlag::SetString, set_string),
            (SourceFlag::SetFile, set_file),
            (SourceFlag::SetLiteral, set_literal),
        ];
        for (flag, arguments) in arguments {
            for argument in arguments {
                user.add(flag, argument.clone(), None, inputs)?;
            }
        }
        Ok(user)
    }
}

impl UserValues {
    fn add(
        &mut self,
        flag: SourceFlag,
        argument: String,
        text: Option<Str>,
        inputs: &mut Inputs,
    ) -> Result<(), Error> {
        let number = 1 + self.sources.iter().filter(|source| source.flag == flag).count();
        let mut source = UserSource { flag, number, argument, text, files: Vec::new() };
        let mut files = Vec::new();
        let mut read = |path: &str| {
            let text = inputs.read(path).map_err(|error| error.to_string())?;
            files.push((path.to_owned(), text.clone()));
            Ok(text)
        };
        source.apply(&self.values, &mut read)?;
        source.files = files;
        self.sources.push(source);
        Ok(())
    }
}

fn set_json_argument(base: &Map, argument: &str) -> Result<(), Error> {
    let trimmed = argument.trim();
    if !trimmed.starts_with('{') {
        return parse_set_json_into(base, argument).map_err(|cause| Error::SetJson {
            argument: argument.to_owned(),
            place: refused(base, SourceFlag::SetJson, argument),
            cause,
        });
    }
    match json::read(trimmed.as_bytes()) {
        Ok(Value::Map(object)) => {
            merge_maps(base, &object);
            Ok(())
        }
        Ok(_) => Ok(()),
        Err(cause) => Err(Error::SetJsonObject { argument: argument.to_owned(), cause }),
    }
}

/// Fetches a file from a server, or tells why it cannot.
pub type Fetch<'a> = dyn FnMut(&str) -> Result<Vec<u8>, String> + 'a;

/// What sources are read from besides the file system.
pub struct Inputs<'a> {
    /// What `-` stands for.
    pub stdin: &'a mut dyn Read,
    /// Fetches URLs; without it they are refused.
    pub fetch: Option<&'a mut Fetch<'a>>,
}

impl std::fmt::Debug for Inputs<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inputs").field("fetches", &self.fetch.is_some()).finish_non_exhaustive()
    }
}

impl Inputs<'_> {
    fn read(&mut self, path: &str) -> Result<Str, Error> {
        if path.trim() == "-" {
            return read_whole("-", &mut self.stdin);
        }
        if is_remote(path) {
            return match &mut self.fetch {
                Some(fetch) => fetch(path).map(Str::from).map_err(Error::Fetch),
                None => Err(Error::Remote { url: path.to_owned() }),
            };
        }
        let file =
            fs::File::open(path).map_err(|cause| Error::Open { path: path.to_owned(), cause })?;
        read_whole(path, file)
    }
}

/// How many bytes a file of values may have. Helm reads on until its memory ends.
const MAX_FILE: u64 = 128 << 20;

fn read_whole(path: &str, input: impl Read) -> Result<Str, Error> {
    let failed = |cause| Error::Read { path: path.to_owned(), cause };
    let mut content = Vec::new();
    input.take(MAX_FILE + 1).read_to_end(&mut content).map_err(failed)?;
    if content.len() as u64 > MAX_FILE {
        return Err(failed(std::io::ErrorKind::FileTooLarge.into()));
    }
    Ok(Str::from(content))
}

fn is_remote(path: &str) -> bool {
    ["http", "https", "oci"].iter().any(|scheme| {
        path.split_once("://").is_some_and(|(found, _)| found.eq_ignore_ascii_case(scheme))
    })
}

/// Splits a comma-separated list; an item in double quotes may hold commas, and `""` for a quote.
///
/// # Errors
/// [`Error::List`] for a quote that is not closed or stands inside an item.
pub fn split_list(text: &str) -> Result<Vec<String>, Error> {
    let fail = |message, rest: &str| Error::List {
        argument: text.to_owned(),
        message,
        column: text.len() - rest.len() + 1,
    };
    let open = "extraneous or missing \" in quoted-field";
    let mut items = Vec::new();
    if text.is_empty() {
        return Ok(items);
    }
    let mut rest = text;
    loop {
        let Some(quoted) = rest.strip_prefix('"') else {
            let (item, after) = match rest.split_once(',') {
                Some((item, after)) => (item, Some(after)),
                None => (rest, None),
            };
            if let Some(place) = item.find('"') {
                return Err(fail("bare \" in non-quoted-field", &rest[place..]));
            }
            items.push(item.to_owned());
            match after {
                Some(after) => rest = after,
                None => return Ok(items),
            }
            continue;
        };
        let mut item = String::new();
        let mut at = quoted;
        loop {
            let Some((part, after)) = at.split_once('"') else {
                return Err(fail(open, ""));
            };
            item.push_str(part);
            let Some(escaped) = after.strip_prefix('"') else {
                at = after;
                break;
            };
            item.push('"');
            at = escaped;
        }
        items.push(item);
        match at.strip_prefix(',') {
            Some(after) => rest = after,
            None if at.is_empty() => return Ok(items),
            None => return Err(fail(open, &text[text.len() - at.len() - 1..])),
        }
    }
}
