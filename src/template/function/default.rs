//! Choosing by emptiness: what is false in `if` counts as empty.

use super::argument::{any_arg, bool_arg};
use super::{Env, Function, Param, Result};
use crate::value::{Value, is_true};

const fn variadic(name: &'static str, call: fn(&Env, &[Value]) -> Result) -> Function {
    Function { name, params: &[], rest: Some(Param::Any), call }
}

pub(super) const FUNCTIONS: &[Function] = &[
    variadic("all", all),
    variadic("any", any),
    variadic("coalesce", coalesce),
    Function { name: "default", params: &[Param::Any], rest: Some(Param::Any), call: default },
    Function { name: "empty", params: &[Param::Any], rest: None, call: empty },
    Function {
        name: "ternary",
        params: &[Param::Any, Param::Any, Param::Bool],
        rest: None,
        call: ternary,
    },
];

fn default(_: &Env, args: &[Value]) -> Result {
    Ok(match args.get(1) {
        Some(given) if is_true(given) => given.clone(),
        _ => any_arg(args, 0).clone(),
    })
}

fn empty(_: &Env, args: &[Value]) -> Result {
    Ok(Value::Bool(!is_true(any_arg(args, 0))))
}

fn coalesce(_: &Env, args: &[Value]) -> Result {
    Ok(args.iter().find(|arg| is_true(arg)).cloned().unwrap_or_default())
}

fn all(_: &Env, args: &[Value]) -> Result {
    Ok(Value::Bool(args.iter().all(is_true)))
}

fn any(_: &Env, args: &[Value]) -> Result {
    Ok(Value::Bool(args.iter().any(is_true)))
}

fn ternary(_: &Env, args: &[Value]) -> Result {
    Ok(any_arg(args, usize::from(!bool_arg(args, 2))).clone())
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;

    #[test]
    fn answers_as_helm() {
        check(&[
            (
                r#"{{ default "x" "" }} {{ default "x" 0 }} {{ default "x" "y" }} {{ default "x" }} {{ false | default true }}"#,
                "x x y x true",
            ),
            (
                r#"{{ coalesce nil 0 "a" }} {{ all 1 "" }} {{ any 0 "a" }} {{ empty (list) }} {{ empty 0.0 }} {{ empty "a" }}"#,
                "a false true true true false",
            ),
            (r#"{{ ternary "a" "b" true }} {{ false | ternary "a" "b" }}"#, "a b"),
        ]);
    }
}
