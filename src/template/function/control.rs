//! Functions that stop a render or ask the world outside it.

use super::argument::{any_arg, str_arg};
use super::{Env, Failure, Function, Param, Result};
use crate::chart::Warning;
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    Function { name: "fail", params: &[Param::Str], rest: None, call: fail },
    Function {
        name: "lookup",
        params: &[Param::Str, Param::Str, Param::Str, Param::Str],
        rest: None,
        call: lookup,
    },
    Function { name: "required", params: &[Param::Str, Param::Any], rest: None, call: required },
];

fn user(args: &[Value]) -> Failure {
    Failure::User(str_arg(args, 0).to_str_lossy().into_owned())
}

/// Stops the render with a message; under `lint` it goes on with an empty text.
fn fail(env: &Env, args: &[Value]) -> Result {
    if !env.lint {
        return Err(user(args));
    }
    let message = str_arg(args, 0).to_str_lossy().into_owned();
    let mut line = Warning::info("funcMap fail");
    line.attributes.push(("message", message));
    env.log.borrow_mut().push(line);
    Ok(Value::str(""))
}

/// Returns the value, unless it is nil or an empty string; then it is as `fail`.
fn required(env: &Env, args: &[Value]) -> Result {
    let value = any_arg(args, 1);
    let missing = match value {
        Value::Nil | Value::Absent => true,
        Value::Str(text) => text.is_empty(),
        _ => false,
    };
    match (missing, env.lint) {
        (false, _) => Ok(value.clone()),
        (true, true) => {
            let message = str_arg(args, 0).to_str_lossy().into_owned();
            // Helm's words for an empty text and for nothing at all.
            let text = match value {
                Value::Str(_) => "missing required values",
                _ => "missing required value",
            };
            let line = Warning::warn(text, vec![("message", message)]);
            env.log.borrow_mut().push(line);
            Ok(Value::str(""))
        }
        (true, false) => Err(user(args)),
    }
}

fn lookup(env: &Env, args: &[Value]) -> Result {
    let texts = [0, 1, 2, 3].map(|i| str_arg(args, i).to_str_lossy());
    (env.lookup)(&texts[0], &texts[1], &texts[2], &texts[3]).map_err(Failure::Message)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_with};
    use super::*;
    use crate::value::List;

    #[test]
    fn answers_as_helm() {
        check(&[
            (
                r#"{{ required "m" 0 }} {{ required "m" false }} {{ required "m" (list) }}"#,
                "0 false []",
            ),
            (r#"{{ lookup "v1" "Pod" "" "" | toJson }}"#, "{}"),
        ]);
    }

    #[test]
    fn missing_values_stop_the_render() {
        let env = Env::new();
        for missing in [Value::Nil, Value::str("")] {
            let args = [Value::str("say"), missing];
            assert_eq!(required(&env, &args).unwrap_err(), Failure::User("say".to_owned()));
        }
        let args = [Value::str("say"), Value::from(List::new(Vec::new()))];
        assert!(required(&env, &args).is_ok());
        assert_eq!(fail(&env, &args).unwrap_err(), Failure::User("say".to_owned()));
    }

    #[test]
    fn lint_goes_on() {
        let env = Env { lint: true, ..Env::new() };
        check_with(&env, &[(r#"[{{ required "m" "" }}{{ fail "m" }}]"#, "[]")]);
    }

    #[test]
    fn lookup_asks_the_environment() {
        let lookup: std::rc::Rc<super::super::Lookup> =
            std::rc::Rc::new(|version, kind, namespace, name| match name {
                "" => Err("no name".to_owned()),
                _ => Ok(Value::from(format!("{version}/{kind}/{namespace}/{name}"))),
            });
        let env = Env { lookup, ..Env::new() };
        check_with(
            &env,
            &[
                (r#"{{ lookup "v1" "Pod" "ns" "x" }}"#, "v1/Pod/ns/x"),
                (r#"{{ lookup "v1" "Pod" "ns" "" }}"#, "error: lookup: no name"),
            ],
        );
    }
}
