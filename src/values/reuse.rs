use super::Error;
use super::coalesce::{Nulls, coalesce, coalesce_tables, copy_map};
use crate::chart::{Chart, Warned};
use crate::value::Map;

/// What an upgrade does with the values of the release it replaces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reuse {
    /// Takes the old user values if there are no new ones at all; the default.
    #[default]
    WhenNoneGiven,
    /// `--reset-values`: takes the new user values alone.
    Never,
    /// `--reuse-values`: new user values over all that the old release computed, defaults
    /// included.
    All,
    /// `--reset-then-reuse-values`: new user values over old user values over new defaults.
    UserValues,
}

/// The values an upgrade goes on with.
#[derive(Clone, Debug)]
pub struct Reused {
    /// The user values.
    pub user: Map,
    /// The defaults that take the place of the new chart's `values`; `None` leaves those.
    pub defaults: Option<Map>,
}

/// Combines the user values of an upgrade with those of the release it replaces.
///
/// `old_chart` and `old_user` come from the release record, `new_user` from the command line.
///
/// # Errors
/// [`Error::SubchartValues`] when `old_user` does not fit `old_chart`.
///
/// # Source
/// Helm v4 `pkg/action/upgrade.go`, `reuseValues`.
pub fn reuse(
    mode: Reuse,
    old_chart: &Chart,
    old_user: &Map,
    new_user: &Map,
) -> Warned<Result<Reused, Error>> {
    let mut warnings = Vec::new();
    let value = match mode {
        Reuse::Never => Reused { user: copy_map(new_user), defaults: None },
        Reuse::WhenNoneGiven => {
            let user = if new_user.is_empty() { old_user } else { new_user };
            Reused { user: copy_map(user), defaults: None }
        }
        Reuse::All => {
            let defaults = match coalesce(old_chart, old_user, Nulls::Delete, &mut warnings) {
                Ok(defaults) => defaults,
                Err(error) => return Warned { value: Err(error), warnings },
            };
            let user = copy_map(new_user);
            coalesce_tables(&user, &copy_map(old_user), &mut warnings);
            Reused { user, defaults: Some(defaults) }
        }
        Reuse::UserValues => {
            let user = copy_map(new_user);
            coalesce_tables(&user, &copy_map(old_user), &mut warnings);
            Reused { user, defaults: None }
        }
    };
    Warned { value: Ok(value), warnings }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::Metadata;
    use crate::json;
    use crate::value::Value;

    fn map(text: &str) -> Map {
        json::read(text.as_bytes()).unwrap().as_map().unwrap().clone()
    }

    fn show(map: &Map) -> String {
        let mut out = Vec::new();
        json::write(&mut out, &Value::Map(map.clone()), json::Escape::Raw).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn modes() {
        let mut chart = Chart::new(Metadata::default());
        chart.values = map(r#"{"a":1,"d":1}"#);
        let old = map(r#"{"a":2,"b":2,"m":{"x":2,"y":2}}"#);
        let some = r#"{"b":3,"m":{"x":null}}"#;
        let cases = [
            (Reuse::Never, "{}", "{}", None),
            (Reuse::WhenNoneGiven, "{}", r#"{"a":2,"b":2,"m":{"x":2,"y":2}}"#, None),
            (Reuse::WhenNoneGiven, some, some, None),
            (Reuse::UserValues, some, r#"{"a":2,"b":3,"m":{"y":2}}"#, None),
            (
                Reuse::All,
                some,
                r#"{"a":2,"b":3,"m":{"y":2}}"#,
                Some(r#"{"a":2,"b":2,"d":1,"m":{"x":2,"y":2}}"#),
            ),
        ];
        for (mode, new, user, defaults) in cases {
            let reused = reuse(mode, &chart, &old, &map(new)).value.unwrap();
            assert_eq!(show(&reused.user), user, "{mode:?}");
            assert_eq!(reused.defaults.as_ref().map(show).as_deref(), defaults, "{mode:?}");
        }
    }
}
