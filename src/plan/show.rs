use std::fmt;

use super::{Change, Description, Operation, Plan, Until};

/// One line for each operation.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for operation in &self.operations {
            writeln!(f, "{operation}")?;
        }
        for kept in &self.kept {
            let reason = if kept.foreign.is_some() { ", which is not ours" } else { "" };
            writeln!(f, "keep {}{reason}", kept.id)?;
        }
        for operation in &self.on_failure {
            writeln!(f, "on failure: {operation}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Operation::CreateNamespace { name } => write!(f, "create namespace {name}"),
            Operation::WriteRecord { revision, new, status, description } => {
                let verb = if *new { "create" } else { "update" };
                write!(f, "{verb} record {revision}: {status}")?;
                match description {
                    Some(Description::Text(text)) => write!(f, ", {text}"),
                    Some(Description::Failure(text)) => write!(f, ", {text}<error>"),
                    None => Ok(()),
                }
            }
            Operation::DeleteRecord { revision } => write!(f, "delete record {revision}"),
            Operation::RunHooks { event, hooks, method: _ } => {
                write!(f, "run {event} hooks ")?;
                list(f, hooks.iter().map(|(_, object)| &object.id))
            }
            Operation::Apply { writes } => {
                let mut first = true;
                for change in [Change::Create, Change::Update, Change::Adopt] {
                    let ids: Vec<_> = writes
                        .iter()
                        .filter(|write| write.change == change)
                        .map(|write| &write.object.id)
                        .collect();
                    if !ids.is_empty() {
                        if !first {
                            f.write_str("; ")?;
                        }
                        first = false;
                        let verb = match change {
                            Change::Create => "create",
                            Change::Update => "update",
                            Change::Adopt => "adopt",
                        };
                        write!(f, "{verb} ")?;
                        list(f, ids)?;
                    }
                }
                Ok(())
            }
            Operation::Delete { deletions } => {
                f.write_str("delete ")?;
                list(f, deletions.iter().map(|deletion| &deletion.id))
            }
            Operation::DeleteCreated => f.write_str("delete the objects made so far"),
            Operation::Wait { ids, until } => {
                f.write_str(match until {
                    Until::Ready { jobs: false, .. } => "wait until ready: ",
                    Until::Ready { jobs: true, .. } => "wait until ready and jobs complete: ",
                    Until::Gone => "wait until gone: ",
                })?;
                list(f, ids)
            }
        }
    }
}

fn list(
    f: &mut fmt::Formatter<'_>,
    items: impl IntoIterator<Item = impl fmt::Display>,
) -> fmt::Result {
    for (i, item) in items.into_iter().enumerate() {
        if i > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{item}")?;
    }
    Ok(())
}
