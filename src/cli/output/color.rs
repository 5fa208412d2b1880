use std::io::IsTerminal as _;

use crate::cli::env;
#[cfg(feature = "cluster")]
use crate::release::Status;

/// Whether results have colors, as Helm gives them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::cli) struct Colors(bool);

impl Colors {
    /// Decides by the flag, `HELM_COLOR`, `NO_COLOR` and the terminal.
    ///
    /// # Errors
    /// The word of the flag, when it is none of `never`, `auto` and `always`.
    pub(in crate::cli) fn decide(flag: Option<&str>) -> Result<Self, String> {
        let variable = env::get(env::HELM_COLOR);
        // A variable that makes no sense says nothing.
        let mode = match (flag, variable.as_deref()) {
            (Some(word @ ("never" | "auto" | "always")), _)
            | (None, Some(word @ ("never" | "always"))) => word,
            (Some(word), _) => return Err(word.to_owned()),
            (None, _) => "auto",
        };
        let is_refused = env::get("NO_COLOR").is_some();
        let is_terminal =
            || std::io::stdout().is_terminal() && env::get("TERM").as_deref() != Some("dumb");
        Ok(Colors(!is_refused && (mode == "always" || (mode == "auto" && is_terminal()))))
    }
}

#[cfg(feature = "cluster")]
impl Colors {
    /// Returns the head of a column.
    pub(in crate::cli) fn head(self, text: &str) -> String {
        if self.0 { format!("\x1b[1m{text}\x1b[22m") } else { text.to_owned() }
    }

    /// Returns a namespace.
    pub(in crate::cli) fn namespace(self, text: &str) -> String {
        self.paint(36, text)
    }

    /// Returns the word for a state.
    pub(in crate::cli) fn status(self, status: Status) -> String {
        let text = status.as_str();
        match status {
            Status::Deployed => self.paint(32, text),
            Status::Failed | Status::Unknown => self.paint(31, text),
            Status::PendingInstall
            | Status::PendingUpgrade
            | Status::PendingRollback
            | Status::Uninstalling => self.paint(33, text),
            Status::Superseded | Status::Uninstalled => text.to_owned(),
        }
    }

    fn paint(self, color: u8, text: &str) -> String {
        if self.0 { format!("\x1b[{color}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// Returns how many characters of a text are seen: those of colors are not.
pub(super) fn seen(text: &str) -> usize {
    let mut count = 0;
    let mut in_code = false;
    for c in text.chars() {
        match c {
            '\x1b' => in_code = true,
            'm' if in_code => in_code = false,
            _ if in_code => {}
            _ => count += 1,
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(feature = "cluster")]
    fn colors_take_no_room() {
        let colors = Colors(true);
        assert_eq!(colors.status(Status::Deployed), "\x1b[32mdeployed\x1b[0m");
        assert_eq!(seen(&colors.status(Status::Deployed)), 8);
        assert_eq!(seen(&colors.head("NAME")), 4);
        assert_eq!(seen("mum"), 3);
        assert_eq!(Colors(false).namespace("a"), "a");
    }

    #[test]
    fn words_decide() {
        assert_eq!(Colors::decide(Some("never")), Ok(Colors(false)));
        assert_eq!(Colors::decide(Some("x")), Err("x".to_owned()));
    }
}
