//! `rhumb env`.

use crate::cli::{GlobalOptions, Ui, env};

/// Print the environment that rhumb works with
#[derive(Debug, clap::Args)]
pub struct EnvArgs {
    /// Print the value of this variable alone
    variable: Option<String>,
}

pub(in crate::cli) fn run(ui: &mut Ui, global: &GlobalOptions, args: &EnvArgs, program: &str) {
    let mut variables = env::all(&global.namespace(), program);
    let flags = global.overrides();
    for (name, value) in &mut variables {
        if let Some((_, flag)) = flags.iter().find(|(known, _)| known == name) {
            value.clone_from(flag);
        }
    }
    match &args.variable {
        Some(name) => {
            let value = variables.iter().find(|(known, _)| known == name).map(|(_, value)| value);
            ui.out(format!("{}\n", value.map_or("", String::as_str)).as_bytes());
        }
        None => {
            for (name, value) in variables {
                ui.out(format!("{name}=\"{value}\"\n").as_bytes());
            }
        }
    }
}
