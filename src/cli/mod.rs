//! Everything the user types or sees.

mod args;
mod chart;
#[cfg(feature = "cluster")]
mod cluster;
pub mod command;
mod duration;
pub mod env;
#[cfg(feature = "provenance")]
mod keyring;
mod output;
mod post_renderer;
mod report;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;
use std::sync::OnceLock;

use crate::chart::Warning;
pub use args::GlobalOptions;
pub use chart::{ChartArgs, read_values};
use clap::{ArgMatches, Args as _, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
#[cfg(feature = "provenance")]
pub use keyring::{KeyringArgs, VerifyArgs};
pub use output::Ui;
pub use post_renderer::PostRenderArgs;
pub use report::Failure;

/// A Helm-compatible package manager and template renderer for Kubernetes
#[derive(Debug, Parser)]
#[command(name = "rhumb", version, max_term_width = 100, disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    global: GlobalOptions,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Completion(command::completion::CompletionArgs),
    #[cfg(feature = "jinja")]
    Convert(command::convert::ConvertArgs),
    Create(command::create::CreateArgs),
    #[command(visible_aliases = ["dep", "dependencies"])]
    Dependency(command::dependency::DependencyArgs),
    Env(command::env::EnvArgs),
    #[cfg(feature = "cluster")]
    Get(command::get::GetArgs),
    #[cfg(feature = "cluster")]
    #[command(visible_aliases = ["hist"])]
    History(command::history::HistoryArgs),
    #[cfg(feature = "cluster")]
    Install(command::install::InstallArgs),
    Lint(command::lint::LintArgs),
    #[cfg(feature = "cluster")]
    #[command(visible_aliases = ["ls"])]
    List(command::list::ListArgs),
    Package(command::package::PackageArgs),
    #[cfg(feature = "cluster")]
    Rollback(command::rollback::RollbackArgs),
    #[command(visible_aliases = ["inspect"])]
    Show(command::show::ShowArgs),
    #[cfg(feature = "cluster")]
    Status(command::status::StatusArgs),
    Template(command::template::TemplateArgs),
    #[cfg(feature = "cluster")]
    Test(command::test::TestArgs),
    #[cfg(feature = "cluster")]
    #[command(visible_aliases = ["del", "delete", "un"])]
    Uninstall(command::uninstall::UninstallArgs),
    #[cfg(feature = "cluster")]
    Upgrade(command::upgrade::UpgradeArgs),
    Values(command::values::ValuesArgs),
    #[cfg(feature = "provenance")]
    Verify(command::verify::VerifyCommandArgs),
    Version(command::version::VersionArgs),
}

static PROGRAM: OnceLock<&'static str> = OnceLock::new();

/// Returns the name that messages call the program by: `helm`, if that is the name it was started
/// by, or else `rhumb`.
pub(crate) fn program() -> &'static str {
    PROGRAM.get().copied().unwrap_or("rhumb")
}

fn name_program(argument: Option<&OsString>) {
    let is_helm = argument.is_some_and(|path| Path::new(path).file_stem() == Some("helm".as_ref()));
    // The first call of `run` decides.
    PROGRAM.get_or_init(|| if is_helm { "helm" } else { "rhumb" });
}

fn parse(arguments: &[OsString]) -> Result<(Cli, ArgMatches), clap::Error> {
    let matches = args::command(Cli::command().name(program()).bin_name(program()))
        .try_get_matches_from(arguments)?;
    Ok((Cli::from_arg_matches(&matches)?, matches))
}

/// Parses the command line of `template` without setting up the other commands, which takes longer
/// than rendering a small chart. `None` for any other command line, wrong ones among them.
fn parse_template(arguments: &[OsString]) -> Option<(Cli, ArgMatches)> {
    const NAME: &str = "template";
    if arguments.get(1)? != NAME {
        return None;
    }
    let command = command::template::TemplateArgs::augment_args(clap::Command::new(NAME));
    let command = GlobalOptions::augment_args(clap::Command::new(program())).subcommand(command);
    let matches = args::command(command).try_get_matches_from(arguments).ok()?;
    Some((Cli::from_arg_matches(&matches).ok()?, matches))
}

/// Parses the command line, runs the command and returns the exit code: 0 done, 1 failed.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut ui = Ui::new();
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    name_program(arguments.first());
    let parsed = parse_template(&arguments).map_or_else(|| parse(&arguments), Ok);
    let result = match parsed {
        Ok((cli, matches)) => {
            ui.set_debug(cli.global.is_debug());
            match output::Colors::decide(cli.global.color.as_deref()) {
                Ok(colors) => ui.colors = colors,
                Err(word) => {
                    let text =
                        format!("invalid color mode {word:?}: must be one of: never, auto, always");
                    ui.warn(&Warning::warn("command failed", vec![("error", text)]));
                    return ExitCode::FAILURE;
                }
            }
            for line in args::deprecated(&matches) {
                ui.say(&line);
            }
            if let Some(failure) = args::clash(&matches) {
                return report::exit_code(&mut ui, Err(failure));
            }
            let program = arguments.first().map(|a| a.to_string_lossy().into_owned());
            dispatch(&mut ui, cli, &program.unwrap_or_default())
        }
        Err(error) => {
            let last = arguments.last().map(|last| last.to_string_lossy()).unwrap_or_default();
            report::usage(&mut ui, &error, &last)
        }
    };
    let result = result.and_then(|()| ui.finish());
    report::exit_code(&mut ui, result)
}

fn dispatch(ui: &mut Ui, cli: Cli, program: &str) -> Result<(), Failure> {
    let Cli { mut global, command } = cli;
    global.as_helm = Path::new(program).file_stem().is_some_and(|name| name == "helm");
    match command {
        Command::Completion(args) => {
            command::completion::run(ui, &args);
            Ok(())
        }
        #[cfg(feature = "jinja")]
        Command::Convert(args) => command::convert::run(ui, args),
        Command::Create(args) => command::create::run(ui, args),
        Command::Dependency(args) => command::dependency::run(ui, &global, args),
        Command::Env(args) => {
            command::env::run(ui, &global, &args, program);
            Ok(())
        }
        #[cfg(feature = "cluster")]
        Command::Get(args) => command::get::run(ui, &global, args),
        #[cfg(feature = "cluster")]
        Command::History(args) => command::history::run(ui, &global, args),
        #[cfg(feature = "cluster")]
        Command::Install(args) => command::install::run(ui, &global, args),
        Command::Lint(args) => command::lint::run(ui, &global, args),
        #[cfg(feature = "cluster")]
        Command::List(args) => command::list::run(ui, &global, args),
        Command::Package(args) => command::package::run(ui, &global, args),
        #[cfg(feature = "cluster")]
        Command::Rollback(args) => command::rollback::run(ui, &global, args),
        Command::Show(args) => command::show::run(ui, &global, args),
        #[cfg(feature = "cluster")]
        Command::Status(args) => command::status::run(ui, &global, args),
        #[cfg(feature = "cluster")]
        Command::Uninstall(args) => command::uninstall::run(ui, &global, args),
        #[cfg(feature = "cluster")]
        Command::Upgrade(args) => command::upgrade::run(ui, &global, args),
        #[cfg(feature = "cluster")]
        Command::Test(args) => command::test::run(ui, &global, args),
        Command::Template(args) => command::template::run(ui, &global, args),
        Command::Values(args) => command::values::run(ui, &global, args),
        #[cfg(feature = "provenance")]
        Command::Verify(args) => command::verify::run(ui, &args),
        Command::Version(args) => command::version::run(ui, &args),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        args::command(Cli::command()).debug_assert();
    }

    #[test]
    fn template_is_parsed_as_among_all_commands() {
        let lines = [
            "rhumb template",
            "rhumb template web ./chart -n shop --set a=1 --set b=2 -f x.yaml --debug",
            "helm template . --include-crds=false --show-only a --show-only=b --api-versions v1,v2",
            "rhumb template --kube-context c a b --wait --dry-run=client -- c",
            "rhumb template --namespace=x --is-upgrade a b --description -x --timeout 5m --labels a=b",
        ];
        for line in lines {
            let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let (quick, _) = parse_template(&arguments).unwrap_or_else(|| panic!("{line}"));
            let (full, _) = parse(&arguments).unwrap_or_else(|error| panic!("{line}: {error}"));
            assert_eq!(format!("{quick:?}"), format!("{full:?}"));
        }
        let others = ["rhumb", "rhumb template --help", "rhumb template --nothing", "rhumb lint ."];
        for line in others {
            let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            assert!(parse_template(&arguments).is_none(), "{line}");
        }
    }
}
