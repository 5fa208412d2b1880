use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::FixedState;

use super::{
    Function, base, builtin, case, certificate, control, convert, crypto, date, default, dict,
    duration, list, math, merge, network, path, printf, random, reflection, regex, semver, serial,
    string, toml, url,
};

/// The rows of every subject.
const SUBJECTS: &[&[Function]] = &[
    base::FUNCTIONS,
    builtin::FUNCTIONS,
    case::FUNCTIONS,
    certificate::FUNCTIONS,
    control::FUNCTIONS,
    convert::FUNCTIONS,
    crypto::FUNCTIONS,
    date::FUNCTIONS,
    default::FUNCTIONS,
    dict::FUNCTIONS,
    duration::FUNCTIONS,
    list::FUNCTIONS,
    math::FUNCTIONS,
    merge::FUNCTIONS,
    network::FUNCTIONS,
    path::FUNCTIONS,
    printf::FUNCTIONS,
    random::FUNCTIONS,
    reflection::FUNCTIONS,
    regex::FUNCTIONS,
    semver::FUNCTIONS,
    serial::FUNCTIONS,
    string::FUNCTIONS,
    toml::FUNCTIONS,
    url::FUNCTIONS,
];

/// All rows by name.
static BY_NAME: LazyLock<Vec<&'static Function>> = LazyLock::new(|| {
    let mut rows: Vec<&'static Function> = SUBJECTS.iter().copied().flatten().collect();
    rows.sort_unstable_by_key(|row| row.name);
    rows
});

/// The same for looking up.
static TABLE: LazyLock<HashMap<&'static str, &'static Function, FixedState>> =
    LazyLock::new(|| SUBJECTS.iter().copied().flatten().map(|row| (row.name, row)).collect());

/// Returns the function templates call `name`.
///
/// `and`, `or`, `include` and `tpl` are the engine's own and not found here.
#[must_use]
pub fn find(name: &str) -> Option<&'static Function> {
    TABLE.get(name).copied()
}

/// Returns the names of all functions in byte order.
pub fn names() -> impl Iterator<Item = &'static str> {
    BY_NAME.iter().map(|row| row.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found() {
        let all: Vec<_> = names().collect();
        for pair in all.windows(2) {
            assert!(pair[0] < pair[1], "{} is defined twice", pair[1]);
        }
        for name in all {
            assert_eq!(find(name).map(|row| row.name), Some(name));
        }
        assert!(find("env").is_none());
    }
}
