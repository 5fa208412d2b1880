use std::io::{self, BufWriter, Stderr, Stdout, Write};

use super::super::Failure;
use super::Colors;
use crate::action::Told;
use crate::chart::{Level, Warning};

/// Where commands write: results are buffered for stdout, everything else goes to stderr.
#[derive(Debug)]
pub struct Ui {
    stdout: BufWriter<Stdout>,
    stderr: Stderr,
    failed: Option<io::Error>,
    /// Whether `--debug` is on.
    debug: bool,
    /// The colors of results.
    pub(in crate::cli) colors: Colors,
}

impl Ui {
    pub(in crate::cli) fn new() -> Self {
        Ui {
            stdout: BufWriter::with_capacity(64 * 1024, io::stdout()),
            stderr: io::stderr(),
            failed: None,
            debug: false,
            colors: Colors::default(),
        }
    }

    /// Shows messages about the work in progress as well.
    pub(in crate::cli) fn set_debug(&mut self, debug: bool) {
        self.debug = debug;
    }

    /// Writes part of the result.
    pub fn out(&mut self, text: &[u8]) {
        if self.failed.is_none()
            && let Err(error) = self.stdout.write_all(text)
        {
            self.failed = Some(error);
        }
    }

    /// Writes a line of talk to stderr, after what has been written to stdout.
    pub fn say(&mut self, line: &str) {
        self.flush();
        // Nobody is left to tell when stderr is gone.
        drop(writeln!(self.stderr, "{line}"));
    }

    /// Writes a warning in the form of Helm's log.
    pub fn warn(&mut self, warning: &Warning) {
        if warning.level != Level::Debug || self.debug {
            self.say(&warning.log_line());
        }
    }

    /// Writes what an action tells on its way.
    pub fn tell(&mut self, told: &Told) {
        match told {
            Told::Line(line) | Told::Pulled(line) => self.out(format!("{line}\n").as_bytes()),
            Told::Log(warning) => self.warn(warning),
        }
    }

    /// Writes an error and its details.
    pub fn error(&mut self, message: &str, details: Option<&str>) {
        self.say(&format!("Error: {}", escape(message)));
        if let Some(details) = details {
            self.say("");
            self.say(&escape(details));
        }
    }

    /// Writes out what is buffered.
    pub(in crate::cli) fn flush(&mut self) {
        if self.failed.is_none()
            && let Err(error) = self.stdout.flush()
        {
            self.failed = Some(error);
        }
    }

    /// Flushes stdout. A reader that went away is no failure.
    pub(in crate::cli) fn finish(&mut self) -> Result<(), Failure> {
        self.flush();
        match self.failed.take() {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure::new(format!("failed to write the output: {error}")))
            }
            _ => Ok(()),
        }
    }
}

/// Takes the teeth out of control characters, which charts could use to fool a terminal.
fn escape(text: &str) -> String {
    let is_harmful = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if !text.contains(is_harmful) {
        return text.to_owned();
    }
    text.chars()
        .flat_map(|c| {
            let escaped: Vec<char> =
                if is_harmful(c) { c.escape_default().collect() } else { vec![c] };
            escaped
        })
        .collect()
}
