//! Keys that charts are signed and verified with.

use std::io::{BufRead as _, IsTerminal as _};
use std::path::PathBuf;

use super::{Ui, env};
use crate::chart::io_text;
use crate::provenance::Error;

/// `--verify` and `--keyring`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct VerifyArgs {
    /// Check the signature of the archive before it is used
    #[arg(long)]
    verify: bool,
    #[command(flatten)]
    keyring: KeyringArgs,
}

impl VerifyArgs {
    /// Returns the keyring to verify with, if that is wanted.
    #[must_use]
    pub fn wanted(&self) -> Option<PathBuf> {
        self.verify.then(|| self.keyring.path())
    }
}

/// `--keyring`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct KeyringArgs {
    /// File with the public keys; that of GnuPG without it
    #[arg(long, value_name = "PATH")]
    keyring: Option<String>,
}

impl KeyringArgs {
    /// Returns the keyring.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.keyring.as_ref().map_or_else(env::keyring, PathBuf::from)
    }
}

/// Reads the passphrase of a key: the first line of a file, `-` for standard input, or what is typed
/// when no file is named.
pub(super) fn passphrase(ui: &mut Ui, file: &str, key: &str) -> Result<String, Error> {
    let fail =
        |error: std::io::Error| Error::Open { path: file.to_owned(), reason: io_text(&error) };
    let mut line = String::new();
    if file == "-" {
        std::io::stdin().lock().read_line(&mut line).map_err(fail)?;
    } else if !file.is_empty() {
        let file = std::fs::File::open(file).map_err(fail)?;
        std::io::BufReader::new(file).read_line(&mut line).map_err(fail)?;
    } else {
        ui.out(format!("Password for key {key:?} >  ").as_bytes());
        if !std::io::stdin().is_terminal() {
            ui.out(b"\n");
            return Err(Error::Passphrase("inappropriate ioctl for device".to_owned()));
        }
        // What was asked has to be seen before the answer is read.
        ui.flush();
        line = console::Term::stdout()
            .read_secure_line()
            .map_err(|error| Error::Passphrase(io_text(&error)))?;
    }
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}
