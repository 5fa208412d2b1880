use super::ApplyOptions;
use crate::chart::Warning;
use crate::manifest::{self, Document};
use crate::plan::Plan;
use crate::release::{Release, Status};

/// What became of an install, upgrade or rollback.
#[derive(Clone, Debug)]
pub struct Report {
    /// The revision that was made, or would have been made by a dry run.
    pub release: Release,
    /// The plan; `None` when a dry run did not ask the cluster.
    pub plan: Option<Plan>,
    /// What the user ought to know.
    pub warnings: Vec<Warning>,
    /// Whether an upgrade found no release and made its first revision.
    pub installed: bool,
}

/// Returns the release that a dry run shows.
pub(super) fn dry_run(mut release: Release, status: Status, options: &ApplyOptions) -> Release {
    if options.hide_secret
        && let Ok(documents) = manifest::parse_stored(&release.manifest)
    {
        let mut text = String::new();
        for Document { path, text: content, head, .. } in &documents {
            let content = if head.kind == "Secret" && head.api_version == "v1" {
                format!("# Source: {path}\n# HIDDEN: The Secret output has been suppressed")
            } else {
                content.to_str_lossy().into_owned()
            };
            text.extend(["---\n", &content, "\n"]);
        }
        release.manifest = text;
    }
    release.info.status = status;
    "Dry run complete".clone_into(&mut release.info.description);
    release
}
