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
    Bash,
    /// Print the script for zsh
    ///
    /// This session:
    ///   source <(rhumb completion zsh)
    ///
    /// Always, if `compinit` runs in ~/.zshrc:
    ///   rhumb completion zsh > "${fpath[1]}/_rhumb"
    #[command(verbatim_doc_comment)]
    Zsh,
    /// Print the script for fish
    ///
    /// This session:
    ///   rhumb completion fish | source
    ///
    /// Always:
    ///   rhumb completion fish > ~/.config/fish/completions/rhumb.fish
    #[command(verbatim_doc_comment)]
    Fish,
    /// Print the script for powershell
    ///
    /// This session:
    ///   rhumb completion powershell | Out-String | Invoke-Expression
    ///
    /// Always: add that line to the file that $PROFILE names.
    #[command(verbatim_doc_comment)]
    Powershell,
}

pub(in crate::cli) fn run(ui: &mut Ui, args: &CompletionArgs) {
    let shell = match args.shell {
        ShellArgs::Bash => Shell::Bash,
        ShellArgs::Zsh => Shell::Zsh,
        ShellArgs::Fish => Shell::Fish,
        ShellArgs::Powershell => Shell::PowerShell,
    };
    ui.out(&script(shell));
}

fn script(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    // As declared, before switches learn to take `=true`: a shell need not offer that.
    clap_complete::generate(shell, &mut Cli::command(), "rhumb", &mut script);
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_name_commands_and_flags() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell] {
            let script = String::from_utf8(script(shell)).unwrap();
            for word in ["template", "package", "create", "completion", "app-version", "kubeconfig"]
            {
                assert!(script.contains(word), "{shell} {word}");
            }
        }
    }
}
