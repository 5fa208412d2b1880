//! `rhumb test`.

use std::time::Duration;

use crate::action::{self, TestRequest, WaitOptions};
use crate::cli::cluster::{block_on, connect};
use crate::cli::output::Details;
use crate::cli::{Failure, GlobalOptions, Ui, duration};
use crate::values::split_list;

/// Run the tests of a release
#[derive(Debug, clap::Args)]
pub struct TestArgs {
    /// Name of the release
    release: String,
    /// Run only tests with these names (name=NAME), or all but those (!name=NAME), parted by commas
    #[arg(long, value_name = "NAMES")]
    filter: Vec<String>,
    /// Show what the Pods of the tests wrote
    #[arg(long)]
    logs: bool,
    /// Bound of the whole command, such as 5m0s
    #[arg(long, value_name = "DURATION", default_value = "5m0s", value_parser = duration::parse)]
    timeout: Duration,
}

pub(in crate::cli) fn run(
    ui: &mut Ui,
    global: &GlobalOptions,
    args: TestArgs,
) -> Result<(), Failure> {
    let TestArgs { release, filter, logs, timeout } = args;
    let mut request = TestRequest {
        name: release,
        logs,
        wait: WaitOptions { timeout, ..WaitOptions::default() },
        ..TestRequest::default()
    };
    for list in filter {
        for term in split_list(&list).map_err(|error| Failure::new(error.to_string()))? {
            // Helm passes over terms about anything else.
            if let Some(name) = term.strip_prefix("name=") {
                request.only.push(name.to_owned());
            } else if let Some(rest) = term.strip_prefix('!')
                && let Some(name) = rest.trim_start().strip_prefix("name=")
            {
                request.without.push(name.to_owned());
            }
        }
    }
    let report = block_on(async {
        let session = connect(global).await?;
        Box::pin(action::test(&session, &request)).await
    })?;
    let details = Details { hide_notes: true, manifest: global.is_debug(), ..Details::default() };
    ui.release(&report.release, None, details)?;
    if logs {
        ui.out(b"\n");
        for log in &report.logs {
            let text = format!("POD LOGS: {} ({})\n{}\n", log.pod, log.container, log.text);
            ui.out(text.as_bytes());
        }
    }
    let failures = [report.failure, report.log_failure].into_iter().flatten().map(Failure::from);
    let failure = failures.reduce(|mut first, second| {
        first.message.push('\n');
        first.message.push_str(&second.message);
        first
    });
    failure.map_or(Ok(()), Err)
}
