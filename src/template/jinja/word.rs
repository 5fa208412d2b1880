//! How values look in texts: as in YAML and JSON, not as in Python; and how long texts may get.

use minijinja::formatting::{FormatStyle, format};
use minijinja::value::{Kwargs, Rest, StringInput, ValueKind};
use minijinja::{Environment, Error, ErrorKind, State, Value as Jinja};

use super::convert::{from_jinja, string};
use super::operator;

/// Texts that are made of others hold at most so many bytes.
const MAX_TEXT: usize = 32 << 20;

/// Lists that are made of others hold at most so many items.
const MAX_LIST: usize = 2_000_000;

fn too_large() -> Error {
    let message = format!("exceeded maximum size of texts ({MAX_TEXT} bytes)");
    Error::new(ErrorKind::OutOfFuel, message)
}

/// Returns the value if it is not too large to be a part of others.
fn sized(value: &Jinja) -> Result<Jinja, Error> {
    let (length, limit) = match (value.as_str(), value.kind()) {
        (Some(text), _) => (text.len(), MAX_TEXT),
        (None, ValueKind::Seq) => (value.len().unwrap_or(0), MAX_LIST),
        _ => (0, 0),
    };
    if length > limit {
        return Err(match value.as_str() {
            Some(_) => too_large(),
            None => {
                let message = format!("exceeded maximum size of lists ({MAX_LIST} items)");
                Error::new(ErrorKind::OutOfFuel, message)
            }
        });
    }
    Ok(value.clone())
}

/// Returns the text of a value other than a number or a text, and those as they are.
fn word(value: &Jinja) -> Result<Jinja, Error> {
    match value.kind() {
        ValueKind::Bool | ValueKind::None | ValueKind::Map | ValueKind::Seq => {
            let mut text = String::new();
            super::place::plain_value(&mut text, &from_jinja(value)?);
            Ok(string(&text))
        }
        _ => sized(value),
    }
}

/// Returns the part of a value that a path of names and numbers leads to.
fn attribute(value: &Jinja, path: &str) -> Result<Jinja, Error> {
    let mut found = value.clone();
    for step in path.split('.') {
        found = match step.parse::<usize>() {
            Ok(index) => found.get_item_by_index(index)?,
            Err(_) => found.get_attr(step)?,
        };
    }
    Ok(found)
}

fn join(
    value: &Jinja,
    joiner: Option<&str>,
    path: Option<String>,
    kwargs: &Kwargs,
) -> Result<Jinja, Error> {
    let path = match path {
        Some(path) => Some(path),
        None => kwargs.get("attribute")?,
    };
    let named: Option<String> = kwargs.get("d")?;
    kwargs.assert_all_used()?;
    let joiner = joiner.or(named.as_deref()).unwrap_or_default();
    let mut out = String::new();
    let mut push = |i: usize, text: &str| {
        if i > 0 {
            out.push_str(joiner);
        }
        out.push_str(text);
        if out.len() > MAX_TEXT { Err(too_large()) } else { Ok(()) }
    };
    if let Some(text) = value.as_str() {
        for (i, c) in text.chars().enumerate() {
            push(i, c.encode_utf8(&mut [0; 4]))?;
        }
        return Ok(Jinja::from(out));
    }
    for (i, item) in value.try_iter()?.checked().enumerate() {
        let item = item?;
        let item = match &path {
            Some(path) => attribute(&item, path)?,
            None => item,
        };
        if item.is_undefined() {
            return Err(Error::new(ErrorKind::UndefinedError, ""));
        }
        let item = word(&item)?;
        match item.as_str() {
            Some(text) => push(i, text)?,
            None => push(i, &item.to_string())?,
        }
    }
    Ok(Jinja::from(out))
}

fn replace(text: &str, from: &str, to: &str) -> Result<Jinja, Error> {
    let places = if from.is_empty() { text.len() + 1 } else { text.matches(from).count() };
    if text.len() + places.saturating_mul(to.len()) > MAX_TEXT {
        return Err(too_large());
    }
    Ok(Jinja::from(text.replace(from, to)))
}

/// Adds the filters.
pub(super) fn add(env: &mut Environment<'static>) {
    env.add_filter(operator::WORD, |value: Jinja| word(&value));
    env.add_filter(operator::SIZED, |value: Jinja| sized(&value));
    env.add_filter("string", |state: &State<'_, '_>, value: Jinja| {
        minijinja::filters::string(state, &word(&value)?)
    });
    env.add_filter(
        "join",
        |value: Jinja, joiner: Option<StringInput<'_>>, path: Option<String>, kwargs: Kwargs| {
            join(&value, joiner.as_ref().map(StringInput::as_str), path, &kwargs)
        },
    );
    env.add_filter(
        "replace",
        |text: StringInput<'_>, from: StringInput<'_>, to: StringInput<'_>| {
            replace(text.as_str(), from.as_str(), to.as_str())
        },
    );
    env.add_filter("format", |state: &State<'_, '_>, text: Jinja, args: Rest<Jinja>| {
        let text = StringInput::new(state, &text)?;
        let mut words = Vec::new();
        for arg in args.iter() {
            if arg.is_undefined() {
                return Err(Error::new(ErrorKind::UndefinedError, ""));
            }
            words.push(if arg.is_kwargs() { arg.clone() } else { word(arg)? });
        }
        format(FormatStyle::Printf, text.as_str(), &words).map(Jinja::from)
    });
}
