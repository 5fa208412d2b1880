//! Functions that look at types.

use super::argument::{any_arg, str_arg};
use super::{Env, Function, Param, Result};
use crate::value::{Value, deep_equal};

const fn row(
    name: &'static str,
    params: &'static [Param],
    call: fn(&Env, &[Value]) -> Result,
) -> Function {
    Function { name, params, rest: None, call }
}

pub(super) const FUNCTIONS: &[Function] = &[
    row("deepEqual", &[Param::Any, Param::Any], deep_equal_of),
    row("kindIs", &[Param::Str, Param::Any], kind_is),
    row("kindOf", &[Param::Any], kind_of),
    row("typeIs", &[Param::Str, Param::Any], type_is),
    row("typeIsLike", &[Param::Str, Param::Any], type_is_like),
    row("typeOf", &[Param::Any], type_of),
];

fn type_of(_: &Env, args: &[Value]) -> Result {
    Ok(Value::str(any_arg(args, 0).type_name()))
}

fn kind_of(_: &Env, args: &[Value]) -> Result {
    Ok(Value::str(any_arg(args, 0).kind().name()))
}

fn type_is(_: &Env, args: &[Value]) -> Result {
    Ok(Value::Bool(*str_arg(args, 0) == any_arg(args, 1).type_name()))
}

/// Accepts the type's name or, for a pointer, that of what it points to.
fn type_is_like(_: &Env, args: &[Value]) -> Result {
    let (wanted, found) = (str_arg(args, 0), any_arg(args, 1).type_name());
    Ok(Value::Bool(*wanted == found || found.strip_prefix('*').is_some_and(|t| *wanted == t)))
}

fn kind_is(_: &Env, args: &[Value]) -> Result {
    Ok(Value::Bool(*str_arg(args, 0) == any_arg(args, 1).kind().name()))
}

fn deep_equal_of(_: &Env, args: &[Value]) -> Result {
    Ok(Value::Bool(deep_equal(any_arg(args, 0), any_arg(args, 1))))
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;

    #[test]
    fn answers_as_helm() {
        check(&[
            (
                r#"{{ typeOf nil }} {{ typeOf 1 }} {{ typeOf (list) }} {{ typeOf (dict) }} {{ typeOf (split "," "a") }} {{ typeOf (until 1) }} {{ typeOf (chunk 1 (list 1)) }} {{ kindOf nil }} {{ kindOf 1.5 }} {{ kindOf (list) }}"#,
                "<nil> int []interface {} map[string]interface {} map[string]string []int [][]interface {} invalid float64 slice",
            ),
            (
                r#"{{ typeIs "int" 1 }} {{ typeIsLike "semver.Version" (semver "1") }} {{ typeIs "semver.Version" (semver "1") }} {{ kindIs "map" (dict) }} {{ kindIs "invalid" nil }}"#,
                "true true false true true",
            ),
            (
                "{{ deepEqual (list 1) (list 1) }} {{ deepEqual (list 1) (list 1.0) }} {{ deepEqual (rest (list)) (list) }} {{ deepEqual nil nil }}",
                "true false false true",
            ),
        ]);
    }
}
