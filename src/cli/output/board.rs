use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::sync::Mutex;
use std::time::Instant;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::cluster::{Observer, Progress, Standing};
use crate::plan::ResourceId;

/// Shows on stderr what a wait waits for: on a terminal a table that changes, elsewhere a line for
/// each change.
#[derive(Debug)]
pub(in crate::cli) struct Board {
    /// The table; `None` where there is no terminal.
    table: Option<MultiProgress>,
    rows: BTreeMap<ResourceId, Row>,
}

#[derive(Debug)]
struct Row {
    /// The last state and message.
    text: String,
    /// Since when the object is in that state.
    since: Instant,
    bar: Option<ProgressBar>,
}

impl Board {
    /// Makes a board that follows the waits of a cluster.
    pub(in crate::cli) fn observer() -> Observer {
        let table = std::io::stderr().is_terminal().then(MultiProgress::new);
        let board = Mutex::new(Board { table, rows: BTreeMap::new() });
        Observer::new(move |progress| {
            if let Ok(mut board) = board.lock() {
                board.show(progress, &mut std::io::stderr());
            }
        })
    }

    fn show(&mut self, progress: &Progress, lines: &mut dyn std::io::Write) {
        for standing in &progress.objects {
            let text = text(standing);
            let known = self.rows.get(&standing.id).is_some_and(|row| row.text == text);
            if !known {
                // What is ready at the first look is no news.
                let is_news = self.rows.contains_key(&standing.id) || !is_there(standing);
                let since = Instant::now();
                let bar = self.rows.remove(&standing.id).and_then(|row| row.bar);
                if self.table.is_none() && is_news {
                    // Nobody is left to tell when stderr is gone.
                    drop(writeln!(lines, "{}: {text}", standing.id));
                }
                self.rows.insert(standing.id.clone(), Row { text, since, bar });
            }
            self.draw(standing);
        }
        if progress.done {
            for row in std::mem::take(&mut self.rows).into_values() {
                row.bar.inspect(ProgressBar::finish_and_clear);
            }
        }
    }

    fn draw(&mut self, standing: &Standing) {
        let (Some(table), Some(row)) = (&self.table, self.rows.get_mut(&standing.id)) else {
            return;
        };
        if is_there(standing) {
            row.bar.take().inspect(ProgressBar::finish_and_clear);
            return;
        }
        let bar = row.bar.get_or_insert_with(|| {
            let style = ProgressStyle::with_template("{wide_msg}");
            let bar = ProgressBar::new_spinner();
            table.add(match style {
                Ok(style) => bar.with_style(style),
                Err(_) => bar,
            })
        });
        let age = row.since.elapsed().as_secs();
        bar.set_message(format!("{} ({age}s): {}", standing.id, row.text));
    }
}

fn is_there(standing: &Standing) -> bool {
    standing.message.is_empty()
}

fn text(standing: &Standing) -> String {
    match (standing.state, standing.message.as_str()) {
        ("Current", _) => "ready".to_owned(),
        ("NotFound", "") => "gone".to_owned(),
        ("InProgress", message) => message.to_owned(),
        (state, message) => format!("{state}: {message}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_terminal_each_change_is_a_line() {
        let standing = |name: &str, state, message: &str| Standing {
            id: ResourceId {
                api_version: "apps/v1".to_owned(),
                kind: "Deployment".to_owned(),
                namespace: Some("prod".to_owned()),
                name: name.to_owned(),
            },
            state,
            message: message.to_owned(),
        };
        let mut board = Board { table: None, rows: BTreeMap::new() };
        let mut lines = Vec::new();
        for objects in [
            vec![standing("a", "Current", ""), standing("b", "InProgress", "0/2")],
            vec![standing("a", "Current", ""), standing("b", "InProgress", "0/2")],
            vec![standing("a", "Current", ""), standing("b", "Failed", "1/2")],
            vec![standing("a", "Current", ""), standing("b", "Current", "")],
        ] {
            board.show(&Progress { objects, done: false }, &mut lines);
        }
        assert_eq!(
            String::from_utf8(lines).unwrap(),
            "Deployment/prod/b: 0/2\nDeployment/prod/b: Failed: 1/2\nDeployment/prod/b: ready\n"
        );
    }
}
