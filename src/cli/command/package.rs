//! `rhumb package`.

#[cfg(feature = "provenance")]
use std::path::PathBuf;

use clap::ValueHint;

use crate::action::{self, DependencyRequest, PackageRequest, Told};
#[cfg(feature = "provenance")]
use crate::cli::keyring::passphrase;
use crate::cli::{Failure, GlobalOptions, Ui, env};
use crate::fetch::Access;
#[cfg(feature = "provenance")]
use crate::provenance::{Keyring, SigningKey};

/// Pack chart folders into versioned archives
///
/// Each archive is named NAME-VERSION.tgz after the chart's Chart.yaml. What .helmignore lists is
/// left out; everything else is packed, with the charts in charts/ unpacked beside it.
///
/// The same chart packs to the same bytes, whatever the machine and the times of its files. The
/// variable `SOURCE_DATE_EPOCH` gives the files inside another time (in seconds since 1970)
#[derive(Debug, clap::Args)]
pub struct PackageArgs {
    /// Folders of charts
    #[arg(value_name = "PATH", num_args = 0.., value_hint = ValueHint::DirPath)]
    paths: Vec<String>,
    /// Version of the application to set in Chart.yaml
    #[arg(long, value_name = "VERSION", default_value = "", hide_default_value = true)]
    app_version: String,
    /// Fetch the charts that the chart needs anew, as `dependency update` does
    #[arg(short = 'u', long)]
    dependency_update: bool,
    /// Folder to write the archives to; made if missing
    #[arg(short, long, value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    destination: String,
    /// Warn of templates that Helm cannot render
    #[arg(long)]
    helm_compat: bool,
    /// Version of the chart to set in Chart.yaml (a semantic version)
    #[arg(long, value_name = "VERSION", default_value = "", hide_default_value = true)]
    version: String,
    #[cfg(feature = "provenance")]
    #[command(flatten)]
    sign: SignArgs,
    #[command(flatten)]
    access: Access,
}

/// Signing.
#[cfg(feature = "provenance")]
#[derive(Clone, Debug, clap::Args)]
struct SignArgs {
    /// Sign the archive: write NAME-VERSION.tgz.prov beside it
    #[arg(long)]
    sign: bool,
    /// Name of the key to sign with, or a part of it
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    key: String,
    /// File with the secret key, such as what `gpg --export-secret-keys` writes
    #[arg(long, value_name = "PATH")]
    keyring: Option<String>,
    /// File with the passphrase of the key, - for stdin; it is asked for without one
    #[arg(long, value_name = "PATH", default_value = "", hide_default_value = true)]
    passphrase_file: String,
}

#[cfg(feature = "provenance")]
impl SignArgs {
    /// Returns the key to sign with, if that is wanted.
    fn key(&self, ui: &mut Ui) -> Result<Option<SigningKey>, Failure> {
        let SignArgs { sign, key, keyring, passphrase_file } = self;
        if !sign {
            return Ok(None);
        }
        if key.is_empty() {
            return Err(Failure::new("--key is required for signing a package"));
        }
        let path = keyring.as_ref().map_or_else(env::keyring, PathBuf::from);
        if path.as_os_str().is_empty() {
            return Err(Failure::new("--keyring is required for signing a package"));
        }
        let fail = |error| Failure::from(action::Error::from(error));
        let keyring = Keyring::load(&path).map_err(fail)?;
        let mut ask = |name: &str| passphrase(ui, passphrase_file, name);
        SigningKey::find(&keyring, key, &mut ask).map(Some).map_err(fail)
    }
}

pub(in crate::cli) fn run(
    ui: &mut Ui,
    global: &GlobalOptions,
    args: PackageArgs,
) -> Result<(), Failure> {
    let PackageArgs {
        paths,
        app_version,
        dependency_update,
        destination,
        helm_compat,
        version,
        #[cfg(feature = "provenance")]
        sign,
        access,
    } = args;
    if paths.is_empty() {
        return Err(Failure::new("need at least one argument, the path to the chart")
            .with_hint("usage: rhumb package PATH... [flags]"));
    }
    #[cfg(feature = "provenance")]
    let key = sign.key(ui)?;
    let epoch = env::source_date_epoch().map_err(Failure::new)?;
    // Helm prints the whole path where none was asked for.
    let destination = if destination == "." { env::working_folder() } else { destination };
    for chart in paths {
        if dependency_update {
            let request = DependencyRequest {
                chart: chart.clone(),
                places: global.places(),
                access: access.clone(),
                skip_refresh: false,
                #[cfg(feature = "provenance")]
                keyring: None,
                epoch,
            };
            // Its lines are kept back, as by Helm: the one of the archive is the result.
            action::dependency_update(&request, &mut |told| {
                if !matches!(told, Told::Line(_)) {
                    ui.tell(&told);
                }
            })?;
        }
        let request = PackageRequest {
            chart,
            version: version.clone(),
            app_version: app_version.clone(),
            destination: destination.clone(),
            epoch,
            helm_compat,
        };
        let path = action::package(&request, &mut |warning| ui.warn(warning))?;
        #[cfg(feature = "provenance")]
        if let Some(key) = &key {
            action::sign_package(&path, key)?;
        }
        let path = path.display();
        ui.out(format!("Successfully packaged chart and saved it to: {path}\n").as_bytes());
    }
    Ok(())
}
