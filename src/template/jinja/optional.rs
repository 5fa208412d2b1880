//! Values that may be missing, and loops over maps and lists alike.

use minijinja::value::ValueKind;
use minijinja::{Environment, Error, Value as Jinja};

use super::{convert, object, place};

/// Adds the functions, filters and tests.
pub(super) fn add(env: &mut Environment<'static>) {
    env.add_function("optional", |value: Jinja| object::optional(&value));
    env.add_filter("optional", |value: Jinja| object::optional(&value));
    env.add_filter("entries", |value: Jinja| entries(&value));
    env.add_filter("string", |value: Jinja| string(&value));
    env.add_test("none", |value: Jinja| value.is_none() || object::is_missing(&value));
}

/// Returns the pairs of a map in the order of its keys, or the items of a list with their numbers.
fn entries(value: &Jinja) -> Result<Vec<Jinja>, Error> {
    if object::is_missing(value) || value.is_none() {
        return Ok(Vec::new());
    }
    let is_map = value.kind() == ValueKind::Map;
    let mut pairs = Vec::new();
    for (i, item) in value.try_iter()?.checked().enumerate() {
        let item = item?;
        pairs.push(if is_map {
            let value = value.get_item(&item)?;
            Jinja::from(vec![item, value])
        } else {
            Jinja::from(vec![Jinja::from(i), item])
        });
    }
    Ok(pairs)
}

/// Returns the text of a value as it is in a text of a template. What is missing is no text either.
fn string(value: &Jinja) -> Result<Jinja, Error> {
    if value.as_str().is_some() || object::is_missing(value) {
        return Ok(value.clone());
    }
    let mut text = String::new();
    place::plain_value(&mut text, &convert::from_jinja(value)?);
    Ok(convert::string(&text))
}
