//! `rhumb version`.

use crate::cli::{Failure, Ui, report};
use crate::template::HELM_VERSION;
use crate::template::function::Env;
use crate::template::gotmpl::{Executor, Stop, TemplateSet};
use crate::value::{Map, Str, Value};

/// Print the version of Helm that rhumb stands in for
///
/// The line has Helm's form, so that scripts that look for Helm's version find it. The version of
/// rhumb itself is printed by `rhumb --version` and is `.RhumbVersion` in a template.
#[derive(Debug, clap::Args)]
pub struct VersionArgs {
    /// Print the version number alone
    #[arg(long)]
    short: bool,
    /// Go template for the version string format
    #[arg(long, value_name = "TEMPLATE")]
    template: Option<String>,
}

pub(in crate::cli) fn run(ui: &mut Ui, args: &VersionArgs) -> Result<(), Failure> {
    let version = HELM_VERSION;
    if let Some(template) = &args.template {
        let name = Str::from("_");
        let mut set = TemplateSet::default();
        set.parse(&name, &Str::from(template.as_str())).map_err(|error| report::go_text(&error))?;
        let fields = [
            ("Version", version.version),
            ("GitCommit", version.git_commit),
            ("GitTreeState", version.git_tree_state),
            ("GoVersion", version.go_version),
            ("KubeClientVersion", version.kube_client_version),
            ("RhumbVersion", env!("CARGO_PKG_VERSION")),
        ];
        let data = Map::from_pairs(fields.map(|(name, value)| (name, Value::from(value))));
        let env = Env::new();
        let output = match Executor::new(&set, &env).execute("_", Value::Map(data)) {
            Ok(output) => output.text,
            Err(Stop::Failed(diagnostic)) => return Err(Failure::new(diagnostic.message)),
            Err(Stop::Frozen) => return Err(Failure::new("the version cannot be changed")),
        };
        ui.out(&output);
        return Ok(());
    }
    let line = if args.short {
        format!("{}+g{}\n", version.version, &version.git_commit[..7])
    } else {
        format!(
            "version.BuildInfo{{Version:{:?}, GitCommit:{:?}, GitTreeState:{:?}, GoVersion:{:?}, \
             KubeClientVersion:{:?}}}\n",
            version.version,
            version.git_commit,
            version.git_tree_state,
            version.go_version,
            version.kube_client_version
        )
    };
    ui.out(line.as_bytes());
    Ok(())
}
