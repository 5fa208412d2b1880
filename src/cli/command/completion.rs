//! `rhumb completion`.

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::cli::{Cli, Ui};

/// Print a script that teaches a shell to complete rhumb's command line
///
/// The scripts know the commands, the flags and what files a flag takes. To have completion in the
/// current session only, load the script as shown for each shell; to have it always, write the
/// script to a file that the shell loads.
#[derive(Debug, clap::Args)]
#[command(subcommand_value_name = "SHELL", subcommand_help_heading = "Shells")]
pub struct CompletionArgs {
    #[command(subcommand)]
    shell: ShellArgs,
}

#[derive(Debug, clap::Subcommand)]
enum ShellArgs {
    /// Print the script for bash
    ///
    /// This session:
    ///   source <(rhumb completion bash)
    ///
    /// Always:
    ///   rhumb completion bash > ~/.local/share/bash-completion/completions/rhumb
    #[command(verbatim_doc_comment)]
    Bash(Descriptions),
    /// Print the script for zsh
    ///
    /// This session:
    ///   source <(rhumb completion zsh)
    ///
    /// Always, if `compinit` runs in ~/.zshrc:
    ///   rhumb completion zsh > "${fpath[1]}/_rhumb"
    #[command(verbatim_doc_comment)]
    Zsh(Descriptions),
    /// Print the script for fish
    ///
    /// This session:
    ///   rhumb completion fish | source
    ///
    /// Always:
    ///   rhumb completion fish > ~/.config/fish/completions/rhumb.fish
    #[command(verbatim_doc_comment)]
    Fish(Descriptions),
    /// Print the script for powershell
    ///
    /// This session:
    ///   rhumb completion powershell | Out-String | Invoke-Expression
    ///
    /// Always: add that line to the file that $PROFILE names.
    #[command(verbatim_doc_comment)]
    Powershell(Descriptions),
}

#[derive(Debug, clap::Args)]
struct Descriptions {
    /// Leave out what commands and flags are for
    #[arg(long)]
    no_descriptions: bool,
}

pub(in crate::cli) fn run(ui: &mut Ui, args: &CompletionArgs) {
    let (shell, descriptions) = match &args.shell {
        ShellArgs::Bash(descriptions) => (Shell::Bash, descriptions),
        ShellArgs::Zsh(descriptions) => (Shell::Zsh, descriptions),
        ShellArgs::Fish(descriptions) => (Shell::Fish, descriptions),
        ShellArgs::Powershell(descriptions) => (Shell::PowerShell, descriptions),
    };
    ui.out(&script(shell, !descriptions.no_descriptions));
}

fn script(shell: Shell, has_descriptions: bool) -> Vec<u8> {
    let mut script = Vec::new();
    // As declared, before switches learn to take `=true`: a shell need not offer that.
    let command = Cli::command();
    let mut command = if has_descriptions { command } else { bare(command) };
    clap_complete::generate(shell, &mut command, "rhumb", &mut script);
    script
}

/// Takes the descriptions away from a command and its flags.
fn bare(command: clap::Command) -> clap::Command {
    let command = command
        .about("")
        .long_about("")
        .mut_args(|arg| arg.help("").long_help(""))
        .disable_help_flag(true)
        .arg(clap::Arg::new("help").short('h').long("help").action(clap::ArgAction::Help))
        .disable_version_flag(true);
    command.mut_subcommands(bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_name_commands_and_flags() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell] {
            let script = String::from_utf8(script(shell, true)).unwrap();
            for word in ["template", "package", "create", "completion", "app-version", "kubeconfig"]
            {
                assert!(script.contains(word), "{shell} {word}");
            }
            let bare = String::from_utf8(super::script(shell, false)).unwrap();
            assert!(bare.contains("app-version"));
            assert!(!bare.contains("Folder to write"), "{shell}");
            assert_eq!(script.contains("Folder to write"), shell != Shell::Bash, "{shell}");
        }
    }
}
