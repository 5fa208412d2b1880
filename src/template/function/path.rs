//! Slash-separated paths, by the rules of Go's `path` package.

use super::argument::str_arg;
use super::{Function, Param};
use crate::go::path::{base, clean, dir, ext};
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "base",
        params: &[Param::Str],
        rest: None,
        call: |_, args| Ok(Value::str(base(str_arg(args, 0).as_bytes()).to_vec())),
    },
    Function {
        name: "dir",
        params: &[Param::Str],
        rest: None,
        call: |_, args| Ok(Value::str(dir(str_arg(args, 0).as_bytes()))),
    },
    Function {
        name: "clean",
        params: &[Param::Str],
        rest: None,
        call: |_, args| Ok(Value::str(clean(str_arg(args, 0).as_bytes()))),
    },
    Function {
        name: "ext",
        params: &[Param::Str],
        rest: None,
        call: |_, args| Ok(Value::str(ext(str_arg(args, 0).as_bytes()).to_vec())),
    },
    Function {
        name: "osBase",
        params: &[Param::Str],
        rest: None,
        call: |_, args| Ok(Value::str(base(str_arg(args, 0).as_bytes()).to_vec())),
    },
    Function {
        name: "osDir",
        params: &[Param::Str],
        rest: None,
        call: |_, args| Ok(Value::str(dir(str_arg(args, 0).as_bytes()))),
    },
    Function {
        name: "osClean",
        params: &[Param::Str],
        rest: None,
        call: |_, args| Ok(Value::str(clean(str_arg(args, 0).as_bytes()))),
    },
    Function {
        name: "osExt",
        params: &[Param::Str],
        rest: None,
        call: |_, args| Ok(Value::str(ext(str_arg(args, 0).as_bytes()).to_vec())),
    },
    Function {
        name: "isAbs",
        params: &[Param::Str],
        rest: None,
        call: |_, args| Ok(Value::Bool(str_arg(args, 0).as_bytes().starts_with(b"/"))),
    },
    Function {
        name: "osIsAbs",
        params: &[Param::Str],
        rest: None,
        call: |_, args| Ok(Value::Bool(str_arg(args, 0).as_bytes().starts_with(b"/"))),
    },
];
