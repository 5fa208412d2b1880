//! `rhumb verify`.

use std::path::Path;

use clap::ValueHint;

use crate::action;
use crate::cli::{Failure, KeyringArgs, Ui};
use crate::provenance::Verification;

/// Check the signature of a chart's archive
///
/// The provenance file, which lies beside the archive as NAME.tgz.prov, has to be signed by a key of
/// the keyring and to have the digest of the archive. `package --sign` writes such files.
#[derive(Debug, clap::Args)]
pub struct VerifyCommandArgs {
    /// Archive of the chart
    #[arg(value_hint = ValueHint::FilePath)]
    path: String,
    #[command(flatten)]
    keyring: KeyringArgs,
}

pub(in crate::cli) fn run(ui: &mut Ui, args: &VerifyCommandArgs) -> Result<(), Failure> {
    let VerifyCommandArgs { path, keyring } = args;
    let Verification { signers, fingerprint, digest } =
        action::verify_file(Path::new(path), &keyring.path())?;
    for signer in signers {
        ui.out(format!("Signed by: {signer}\n").as_bytes());
    }
    ui.out(format!("Using Key With Fingerprint: {fingerprint}\n").as_bytes());
    ui.out(format!("Chart Hash Verified: {digest}\n").as_bytes());
    Ok(())
}
