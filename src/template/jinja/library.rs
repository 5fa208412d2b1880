//! The functions of sprig and Helm under Jinja's names, each a filter and a function.
//!
//! A filter gets its subject first, where Go's functions take it last: [`Subject`] says where it
//! goes. As a function each takes its arguments in the order of the filter: `truncate(name, 63)` is
//! `name | truncate(63)`. What Jinja has itself is not here.

use minijinja::value::{Kwargs, Rest};
use minijinja::{Error, ErrorKind, State, Value as Jinja};

use super::caught;
use super::convert::from_jinja;
use super::function::call_values;
use super::object::{self, Names};
use crate::template::function;
use crate::value::Value;

/// Where Go's function takes what a filter is applied to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::template) enum Subject {
    /// Before all others.
    First,
    /// After all others.
    Last,
}

/// A function under a name of Jinja's.
#[derive(Clone, Copy, Debug)]
pub(in crate::template) struct Row {
    /// The names in templates, the one to use first.
    pub(in crate::template) names: &'static [&'static str],
    /// The name in Go templates.
    pub(in crate::template) go: &'static str,
    pub(in crate::template) subject: Subject,
}

impl Row {
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.names.iter().copied()
    }
}

const fn first(names: &'static [&'static str], go: &'static str) -> Row {
    Row { names, go, subject: Subject::First }
}

const fn last(names: &'static [&'static str], go: &'static str) -> Row {
    Row { names, go, subject: Subject::Last }
}

const ROWS: &[Row] = &[
    // Texts.
    first(&["trim_all_space", "squeeze_space"], "nospace"),
    last(&["abbrev"], "abbrev"),
    last(&["abbrev_both"], "abbrevboth"),
    last(&["camelcase"], "camelcase"),
    last(&["contains"], "contains"),
    last(&["has_prefix"], "hasPrefix"),
    last(&["has_suffix"], "hasSuffix"),
    last(&["initials"], "initials"),
    last(&["html_escape"], "html"),
    last(&["kebabcase"], "kebabcase"),
    last(&["plural"], "plural"),
    first(&["printf"], "printf"),
    last(&["repeat"], "repeat"),
    last(&["shuffle"], "shuffle"),
    last(&["snakecase"], "snakecase"),
    last(&["substr"], "substr"),
    last(&["swapcase"], "swapcase"),
    last(&["trim_chars"], "trimAll"),
    last(&["trim_prefix", "removeprefix"], "trimPrefix"),
    last(&["trim_suffix", "removesuffix"], "trimSuffix"),
    last(&["truncate", "trunc"], "trunc"),
    last(&["untitle"], "untitle"),
    last(&["word_wrap", "wordwrap"], "wrap"),
    last(&["word_wrap_with"], "wrapWith"),
    // Regular expressions.
    last(&["regex_quote"], "regexQuoteMeta"),
    first(&["regex_match"], "regexMatch"),
    first(&["regex_find"], "regexFind"),
    first(&["regex_find_all"], "regexFindAll"),
    first(&["regex_replace"], "regexReplaceAll"),
    first(&["regex_replace_literal"], "regexReplaceAllLiteral"),
    first(&["regex_split"], "regexSplit"),
    // Encodings and hashes.
    last(&["adler32"], "adler32sum"),
    last(&["b32decode"], "b32dec"),
    last(&["b32encode"], "b32enc"),
    last(&["b64decode"], "b64dec"),
    last(&["b64encode"], "b64enc"),
    last(&["bcrypt"], "bcrypt"),
    last(&["decrypt_aes"], "decryptAES"),
    last(&["encrypt_aes"], "encryptAES"),
    first(&["htpasswd"], "htpasswd"),
    last(&["sha1"], "sha1sum"),
    last(&["sha256"], "sha256sum"),
    last(&["sha512"], "sha512sum"),
    // Formats.
    last(&["from_json"], "fromJson"),
    last(&["from_json_array"], "fromJsonArray"),
    last(&["from_toml"], "fromToml"),
    last(&["from_yaml"], "fromYaml"),
    last(&["from_yaml_array"], "fromYamlArray"),
    last(&["to_json", "tojson"], "toJson"),
    last(&["to_pretty_json"], "toPrettyJson"),
    last(&["to_raw_json"], "toRawJson"),
    last(&["to_toml"], "toToml"),
    last(&["to_yaml"], "toYaml"),
    last(&["to_yaml_pretty"], "toYamlPretty"),
    // Lists.
    first(&["append"], "append"),
    last(&["compact"], "compact"),
    first(&["concat"], "concat"),
    last(&["has"], "has"),
    last(&["initial"], "initial"),
    last(&["pluck"], "pluck"),
    first(&["prepend"], "prepend"),
    last(&["rest"], "rest"),
    first(&["seq"], "seq"),
    first(&["slice_of"], "slice"),
    last(&["sort_alpha"], "sortAlpha"),
    last(&["until"], "until"),
    first(&["until_step"], "untilStep"),
    first(&["without"], "without"),
    // Maps.
    last(&["deep_copy"], "deepCopy"),
    last(&["dig"], "dig"),
    first(&["has_key"], "hasKey"),
    last(&["keys"], "keys"),
    first(&["merge"], "merge"),
    first(&["merge_overwrite"], "mergeOverwrite"),
    first(&["omit"], "omit"),
    first(&["pick"], "pick"),
    last(&["values_of"], "values"),
    // Defaults and checks.
    first(&["coalesce"], "coalesce"),
    last(&["empty"], "empty"),
    last(&["fail"], "fail"),
    last(&["if_empty"], "default"),
    last(&["required"], "required"),
    last(&["ternary"], "ternary"),
    // Kinds.
    last(&["kind_of"], "kindOf"),
    last(&["type_of"], "typeOf"),
    last(&["to_decimal"], "toDecimal"),
    last(&["to_strings"], "toStrings"),
    // Numbers.
    last(&["ceil"], "ceil"),
    last(&["floor"], "floor"),
    // Versions.
    first(&["semver"], "semver"),
    last(&["semver_matches", "semver_compare"], "semverCompare"),
    // Dates.
    last(&["ago"], "ago"),
    last(&["date"], "date"),
    last(&["date_in_zone"], "dateInZone"),
    last(&["date_modify"], "dateModify"),
    last(&["duration"], "duration"),
    last(&["duration_round"], "durationRound"),
    first(&["now"], "now"),
    last(&["to_date"], "toDate"),
    last(&["unix_epoch"], "unixEpoch"),
    // Paths and addresses.
    last(&["basename"], "base"),
    last(&["clean_path"], "clean"),
    last(&["dirname"], "dir"),
    last(&["extension"], "ext"),
    last(&["is_absolute"], "isAbs"),
    last(&["url_encode"], "urlquery"),
    last(&["url_join"], "urlJoin"),
    last(&["url_parse"], "urlParse"),
    last(&["host_by_name"], "getHostByName"),
    // Secrets.
    first(&["derive_password"], "derivePassword"),
    first(&["gen_ca"], "genCA"),
    first(&["gen_ca_with_key"], "genCAWithKey"),
    first(&["gen_private_key"], "genPrivateKey"),
    first(&["gen_self_signed_cert"], "genSelfSignedCert"),
    first(&["gen_signed_cert"], "genSignedCert"),
    first(&["random_alpha"], "randAlpha"),
    first(&["random_ascii"], "randAscii"),
    first(&["random_bytes"], "randBytes"),
    first(&["random_int"], "randInt"),
    first(&["random_numeric"], "randNumeric"),
    first(&["random_string"], "randAlphaNum"),
    first(&["uuid4"], "uuidv4"),
];

/// Returns all rows.
pub(in crate::template) fn rows() -> impl Iterator<Item = &'static Row> {
    ROWS.iter()
}

/// Returns the row of a name, and the name.
pub(super) fn find_named(name: &str) -> Option<(&'static Row, &'static str)> {
    rows().find_map(|row| row.names().find(|known| *known == name).map(|known| (row, known)))
}

/// Returns the row of a name.
pub(super) fn find(name: &str) -> Option<&'static Row> {
    find_named(name).map(|(row, _)| row)
}

/// Returns the function of a name.
pub(super) fn function(name: &str) -> Option<Jinja> {
    let (row, name) = find_named(name)?;
    Some(Jinja::from_function(move |_: &mut State<'_, '_>, args: Rest<Jinja>| {
        call(row, name, &args)
    }))
}

/// Functions that take the subject second in Go: patterns and formats come first.
pub(in crate::template) fn takes_subject_second(go: &str) -> bool {
    (go.starts_with("regex") && go != "regexQuoteMeta") || go == "dateInZone"
}

/// Functions whose last argument says how many are wanted.
fn takes_count(go: &str) -> bool {
    matches!(go, "regexFindAll" | "regexSplit")
}

/// Calls a function with the subject first.
pub(super) fn call(row: &'static Row, name: &str, args: &[Jinja]) -> Result<Jinja, Error> {
    let Some(function) = function::find(row.go) else {
        return Err(Error::new(ErrorKind::UnknownFunction, format!("{name} is unknown")));
    };
    if let Some(last) = args.last().filter(|last| last.is_kwargs()) {
        let kwargs = Kwargs::try_from(last.clone())?;
        let word = kwargs.args().next().unwrap_or_default().to_owned();
        let message = format!("`{name}` has no keyword arguments, `{word}` given");
        return Err(Error::new(ErrorKind::TooManyArguments, message));
    }
    // As plain text a macro's "1.10" would be a number.
    let reads_yaml = row.go.starts_with("fromYaml");
    let takes_nothing = matches!(row.go, "coalesce" | "default" | "empty" | "required");
    let convert = |value: &Jinja| {
        if value.is_undefined() && takes_nothing {
            return Ok(Value::Nil);
        }
        if reads_yaml && let Some(text) = caught::yaml(value)? {
            return Ok(Value::from(text));
        }
        from_jinja(value)
    };
    let mut values = args.iter().map(convert).collect::<Result<Vec<Value>, Error>>()?;
    if takes_subject_second(row.go) {
        if values.len() >= 2 {
            values.swap(0, 1);
        }
        if values.len() == 2 && function.params.len() == 3 && takes_count(row.go) {
            // All that are found.
            values.push(Value::Int(-1));
        }
    } else if row.subject == Subject::Last && values.len() > 1 {
        values.rotate_left(1);
    }
    // What is looked for in optional values may be missing from what is made of them.
    let names = if args.iter().any(object::is_optional) { Names::Optional } else { Names::Keys };
    call_values(function, name, None, values, names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_function_and_names_of_its_own() {
        let mut seen = std::collections::BTreeSet::new();
        for row in rows() {
            assert!(function::find(row.go).is_some(), "{}", row.go);
            for name in row.names() {
                assert!(seen.insert(name), "{name} is there twice");
            }
        }
    }
}
