//! The names that templates can use.

use super::library;

/// Returns the names of filters.
pub(super) fn filter_names() -> Vec<&'static str> {
    let own = library::rows().flat_map(library::Row::names);
    let mut names: Vec<_> = own.chain(FILTERS.iter().copied()).collect();
    names.extend(["entries", "optional", "raw", "safe"]);
    names
}

/// The filters of the engine itself.
pub(super) const FILTERS: &[&str] = &[
    "abs",
    "attr",
    "batch",
    "bool",
    "capitalize",
    "chain",
    "count",
    "d",
    "default",
    "dictsort",
    "first",
    "float",
    "format",
    "groupby",
    "indent",
    "int",
    "items",
    "join",
    "last",
    "length",
    "lines",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "pprint",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "select",
    "selectattr",
    "slice",
    "sort",
    "split",
    "string",
    "sum",
    "title",
    "trim",
    "unique",
    "upper",
    "zip",
];

/// The tests of the engine itself.
pub(super) const TESTS: &[&str] = &[
    "boolean",
    "defined",
    "divisibleby",
    "endingwith",
    "eq",
    "equalto",
    "even",
    "false",
    "filter",
    "float",
    "ge",
    "greaterthan",
    "gt",
    "in",
    "int",
    "integer",
    "iterable",
    "le",
    "lessthan",
    "lower",
    "lt",
    "mapping",
    "ne",
    "none",
    "number",
    "odd",
    "safe",
    "sameas",
    "sequence",
    "startingwith",
    "string",
    "test",
    "true",
    "undefined",
    "upper",
];

/// Returns the names of functions.
pub(super) fn function_names() -> Vec<&'static str> {
    let own = library::rows().flat_map(library::Row::names);
    let mut names: Vec<_> = own.collect();
    names.extend([
        "range",
        "dict",
        "namespace",
        "include",
        "lookup",
        "optional",
        "tpl",
        "raw",
        "render",
        "stable_secret",
    ]);
    names
}
