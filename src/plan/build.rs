use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::autoscale::autoscaled;
use super::object::asks_to_be_kept;
use super::{
    Change, Deletion, Description, Error, Kept, Method, Object, Observed, Operation, Owner, Plan,
    Propagation, ResourceId, Until, Write, Yielded,
};
use crate::manifest::{Event, Hook, Order, sort_by_kind};
use crate::release::{ApplyMethod, Revision, Status};

/// What is done to a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Its first revision is made.
    Install,
    /// A further revision is made.
    Upgrade,
    /// An old revision is made anew.
    Rollback,
    /// It is removed.
    Uninstall,
    /// Its tests are run.
    Test {
        /// The state it is in, which stays.
        status: Status,
    },
}

/// The choices that shape a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether hooks run.
    pub hooks: bool,
    /// Whether objects of others are taken over without a check.
    pub take_ownership: bool,
    /// How objects are written; [`ApplyMethod::Unsaid`] counts as client-side.
    pub method: ApplyMethod,
    /// Whether fields that earlier client-side writes own are turned into applied ones.
    pub migrate: bool,
    /// Whether fields of other managers are taken over on update; server-side only.
    pub force_conflicts: bool,
    /// Whether numbers of replicas are left to autoscalers.
    pub yield_replicas: bool,
    /// Whether objects are replaced in place of being patched; client-side only.
    pub force_replace: bool,
    /// Whether a missing namespace is made first.
    pub create_namespace: bool,
    /// What to wait for after the objects are written or deleted; `None` does not wait.
    pub wait: Option<Until>,
    /// Whether objects made by a failed operation are deleted again.
    pub cleanup_on_fail: bool,
    /// Whether an uninstall leaves the records.
    pub keep_history: bool,
    /// What happens to the dependents of deleted objects on uninstall.
    pub propagation: Propagation,
    /// The description of success; `None` for Helm's.
    pub description: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            hooks: true,
            take_ownership: false,
            method: ApplyMethod::ServerSide,
            migrate: false,
            force_conflicts: false,
            yield_replicas: false,
            force_replace: false,
            create_namespace: false,
            wait: None,
            cleanup_on_fail: false,
            keep_history: false,
            propagation: Propagation::Background,
            description: None,
        }
    }
}

/// The revision that a plan makes, or removes in case of [`Verb::Uninstall`].
#[derive(Clone, Debug, Default)]
pub struct Next {
    /// Its number.
    pub revision: Revision,
    /// Its objects, in order of installation. On uninstall those to remove.
    pub objects: Vec<Object>,
    /// Its hooks with the objects they make.
    pub hooks: Vec<(Hook, Object)>,
    /// The revision it repeats; for a rollback.
    pub repeats: Option<Revision>,
}

/// All that a plan follows from.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// What is done.
    pub verb: Verb,
    /// To which release.
    pub owner: Owner<'a>,
    /// The objects of the revision to start from.
    pub previous: &'a [Object],
    /// The revision to make.
    pub next: &'a Next,
    /// What the cluster holds of both.
    pub observed: &'a Observed,
    /// The revisions that say they are deployed.
    pub deployed: &'a [Revision],
    /// The records to delete at the end: after an upgrade those beyond the history's length, after
    /// an uninstall all.
    pub prune: &'a [Revision],
    /// The choices.
    pub options: &'a Options,
}

/// Builds the plan.
///
/// # Errors
/// [`Error::Ownership`] when an object exists that belongs to no one or to another release,
/// [`Error::Twice`] when two documents describe the same object, and [`Error::Clash`] for options that
/// go against the way objects are written.
pub fn build(input: &Input<'_>) -> Result<Plan, Error> {
    match input.verb {
        Verb::Install | Verb::Upgrade | Verb::Rollback => build_apply(input),
        Verb::Uninstall => Ok(build_uninstall(input)),
        Verb::Test { status } => Ok(build_test(input, status)),
    }
}

struct Words {
    pending: Status,
    preparing: String,
    done: String,
    failed: String,
    before: Event,
    after: Event,
}

fn words(input: &Input<'_>) -> Words {
    let name = input.owner.name;
    match input.verb {
        Verb::Install => Words {
            pending: Status::PendingInstall,
            preparing: "Initial install underway".to_owned(),
            done: "Install complete".to_owned(),
            failed: format!("Release {name:?} failed: "),
            before: Event::PreInstall,
            after: Event::PostInstall,
        },
        Verb::Upgrade => Words {
            pending: Status::PendingUpgrade,
            preparing: "Preparing upgrade".to_owned(),
            done: "Upgrade complete".to_owned(),
            failed: format!("Upgrade {name:?} failed: "),
            before: Event::PreUpgrade,
            after: Event::PostUpgrade,
        },
        Verb::Rollback => {
            let to = format!("Rollback to {}", input.next.repeats.unwrap_or_default());
            Words {
                pending: Status::PendingRollback,
                preparing: to.clone(),
                done: to,
                failed: format!("Rollback {name:?} failed: "),
                before: Event::PreRollback,
                after: Event::PostRollback,
            }
        }
        Verb::Uninstall | Verb::Test { .. } => Words {
            pending: Status::Uninstalling,
            preparing: "Deletion in progress (or silently failed)".to_owned(),
            done: "Uninstallation complete".to_owned(),
            failed: format!("Uninstall {name:?} failed: "),
            before: Event::PreDelete,
            after: Event::PostDelete,
        },
    }
}

fn build_apply(input: &Input<'_>) -> Result<Plan, Error> {
    let words = words(input);
    let revision = input.next.revision;
    let record = |new, status, description: Description| Operation::WriteRecord {
        revision,
        new,
        status,
        description: Some(description),
    };
    let (mut writes, yielded) = writes(input)?;
    let mut plan = Plan { yielded, ..Plan::default() };
    let operations = &mut plan.operations;
    if input.options.create_namespace {
        operations.push(Operation::CreateNamespace { name: input.owner.namespace.to_owned() });
    }
    let preparing = match (&input.options.description, input.verb) {
        (Some(description), Verb::Rollback) => description.clone(),
        _ => words.preparing,
    };
    operations.push(record(true, words.pending, Description::Text(preparing)));
    push_hooks(operations, input, words.before);
    let ids: Vec<_> = writes.iter().map(|write| write.object.id.clone()).collect();
    while !writes.is_empty() {
        let kind = writes[0].object.id.kind.clone();
        let end = writes.iter().position(|w| w.object.id.kind != kind).unwrap_or(writes.len());
        let rest = writes.split_off(end);
        operations.push(Operation::Apply { writes: std::mem::replace(&mut writes, rest) });
    }
    let wanted: BTreeSet<_> = ids.iter().collect();
    let mut gone = Vec::new();
    for object in input.previous {
        match input.observed.get(&object.id) {
            Some(_) if wanted.contains(&object.id) => {}
            Some(live) if asks_to_be_kept(live) => {
                plan.kept.push(Kept { id: object.id.clone(), foreign: None });
            }
            Some(_) => gone.push(object.id.clone()),
            None => {}
        }
    }
    push_deletions(operations, gone, Propagation::Background);
    if let (Some(until), false) = (input.options.wait, ids.is_empty()) {
        operations.push(Operation::Wait { ids, until });
    }
    push_hooks(operations, input, words.after);
    let done = input.options.description.clone().unwrap_or(words.done);
    operations.push(record(false, Status::Deployed, Description::Text(done)));
    // After the new record, so that there is a deployed revision at any moment.
    operations.extend(input.deployed.iter().filter(|old| **old != revision).map(|old| {
        Operation::WriteRecord {
            revision: *old,
            new: false,
            status: Status::Superseded,
            description: match input.verb {
                // Only a release that was uninstalled is installed over.
                Verb::Install => Some(Description::Text("superseded by new release".to_owned())),
                _ => None,
            },
        }
    }));
    // Last, lest a revision is gone before there is one in its place: the one to roll back to may be
    // the oldest.
    operations.extend(delete_records(input.prune));
    plan.on_failure.push(record(false, Status::Failed, Description::Failure(words.failed)));
    let needed = |revision: &&Revision| Some(**revision) != input.next.repeats;
    let prune: Vec<_> = input.prune.iter().filter(needed).copied().collect();
    plan.on_failure.extend(delete_records(&prune));
    if input.options.cleanup_on_fail {
        plan.on_failure.push(Operation::DeleteCreated);
    }
    Ok(plan)
}

fn writes(input: &Input<'_>) -> Result<(Vec<Write>, Vec<Yielded>), Error> {
    let options = input.options;
    let previous: BTreeMap<_, _> =
        input.previous.iter().map(|object| (&object.id, &object.body)).collect();
    let mut seen = BTreeSet::new();
    let (mut conflicts, mut yielded) = (Vec::new(), Vec::new());
    let mut writes = Vec::with_capacity(input.next.objects.len());
    for object in &input.next.objects {
        if !seen.insert(&object.id) {
            return Err(Error::Twice { id: object.id.clone() });
        }
        let change = match input.observed.get(&object.id) {
            None => Change::Create,
            Some(_) if previous.contains_key(&object.id) => Change::Update,
            Some(live) => {
                if !options.take_ownership
                    && let Err(problem) = input.owner.check(live)
                {
                    conflicts.push((object.id.clone(), problem));
                }
                Change::Adopt
            }
        };
        let mut object = object.clone();
        input.owner.mark(&mut object.body);
        if options.yield_replicas
            && options.method == ApplyMethod::ServerSide
            && let Some(wanted) = object.body["spec"]["replicas"].as_i64()
            && let Some(live) = input.observed.get(&object.id)
            && let Some(live) = autoscaled(&object.id, live, input.observed)
        {
            if let Some(spec) = object.body["spec"].as_object_mut() {
                spec.shift_remove("replicas");
            }
            yielded.push(Yielded { id: object.id.clone(), live, wanted });
        }
        let method = if options.method == ApplyMethod::ServerSide {
            let force = options.force_conflicts && change != Change::Create;
            let live = input.observed.get(&object.id);
            let migrate = options.migrate && live.is_some_and(has_updated_fields);
            Method::Apply { force, migrate }
        } else if options.force_replace && change != Change::Create {
            Method::Replace
        } else {
            let previous = previous.get(&object.id).filter(|_| change == Change::Update);
            Method::Patch { previous: previous.map(|body| (*body).clone()) }
        };
        writes.push(Write { object, change, method });
    }
    // An install that finds nothing there does not come to the point where they clash.
    let is_update =
        input.verb != Verb::Install || writes.iter().any(|write| write.change != Change::Create);
    match options.clash().filter(|_| is_update) {
        _ if !conflicts.is_empty() => Err(Error::Ownership { conflicts }),
        Some(what) => Err(Error::Clash { what }),
        None => Ok((writes, yielded)),
    }
}

/// Returns whether a live object has fields that a client-side write of the release's owns.
fn has_updated_fields(live: &Json) -> bool {
    let entries = live["metadata"]["managedFields"].as_array().into_iter().flatten();
    let mut ours = entries.filter(|entry| entry["manager"] == "helm");
    ours.any(|entry| entry["operation"] == "Update")
}

impl Options {
    /// Returns what is wrong with the options as a whole, in Helm's words.
    fn clash(&self) -> Option<&'static str> {
        match self.method {
            ApplyMethod::ServerSide if self.force_replace => {
                Some("invalid operation: cannot use server-side apply and force replace together")
            }
            ApplyMethod::ClientSide | ApplyMethod::Unsaid if self.force_conflicts => Some(
                "invalid client update option(s): forceConflicts enabled when serverSideApply \
                 disabled",
            ),
            _ => None,
        }
    }
}

fn build_uninstall(input: &Input<'_>) -> Plan {
    let words = words(input);
    let revision = input.next.revision;
    let record = |status, text: String| Operation::WriteRecord {
        revision,
        new: false,
        status,
        description: Some(Description::Text(text)),
    };
    let mut plan = Plan::default();
    let operations = &mut plan.operations;
    operations.push(record(words.pending, words.preparing));
    push_hooks(operations, input, words.before);
    let mut gone = Vec::new();
    for object in &input.next.objects {
        let keep = |foreign| Kept { id: object.id.clone(), foreign };
        match input.observed.get(&object.id) {
            _ if object.is_kept() => plan.kept.push(keep(None)),
            Some(live) => match input.owner.check(live) {
                Ok(()) => gone.push(object.id.clone()),
                Err(problem) => plan.kept.push(keep(Some(problem))),
            },
            None => {}
        }
    }
    sort_by_kind(&mut plan.kept, Order::Uninstall, |kept| &kept.id.kind);
    push_deletions(operations, gone.clone(), input.options.propagation);
    if let (Some(_), false) = (input.options.wait, gone.is_empty()) {
        operations.push(Operation::Wait { ids: gone, until: Until::Gone });
    }
    push_hooks(operations, input, words.after);
    let done = input.options.description.clone().unwrap_or(words.done);
    if input.options.keep_history {
        operations.push(record(Status::Uninstalled, done));
    } else {
        operations.extend(delete_records(input.prune));
    }
    plan
}

fn build_test(input: &Input<'_>, status: Status) -> Plan {
    let mut plan = Plan::default();
    push_hooks(&mut plan.operations, input, Event::Test);
    let record = Operation::WriteRecord {
        revision: input.next.revision,
        new: false,
        status,
        description: None,
    };
    plan.on_failure.push(record.clone());
    plan.operations.push(record);
    plan
}

fn delete_records(revisions: &[Revision]) -> impl Iterator<Item = Operation> {
    revisions.iter().map(|revision| Operation::DeleteRecord { revision: *revision })
}

fn push_hooks(operations: &mut Vec<Operation>, input: &Input<'_>, event: Event) {
    if !input.options.hooks {
        return;
    }
    let mut hooks: Vec<_> =
        input.next.hooks.iter().filter(|(hook, _)| hook.runs_at(&event)).cloned().collect();
    if hooks.is_empty() {
        return;
    }
    // The hooks are in the order of kinds already, and the sort is stable.
    hooks.sort_by_key(|(hook, _)| hook.weight);
    let method = input.options.method;
    operations.push(Operation::RunHooks { event, hooks, method });
}

fn push_deletions(
    operations: &mut Vec<Operation>,
    mut ids: Vec<ResourceId>,
    propagation: Propagation,
) {
    sort_by_kind(&mut ids, Order::Uninstall, |id| &id.kind);
    let mut rest = &ids[..];
    while let Some(first) = rest.first() {
        let end = rest.iter().position(|id| id.kind != first.kind).unwrap_or(rest.len());
        let (stage, after) = rest.split_at(end);
        let deletions = stage.iter().map(|id| Deletion { id: id.clone(), propagation }).collect();
        operations.push(Operation::Delete { deletions });
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value as Json, json};

    const OWNER: Owner<'static> = Owner { name: "web", namespace: "prod" };

    fn object(kind: &str, name: &str) -> Object {
        let body = json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name}});
        Object::new(body, "".into(), Some("prod")).unwrap()
    }

    fn live(object: &Object, owned: bool) -> (ResourceId, Json) {
        let mut body = object.body.clone();
        if owned {
            OWNER.mark(&mut body);
        }
        (object.id.clone(), body)
    }

    fn hook(event: Event, name: &str, weight: i64) -> (Hook, Object) {
        let hook = Hook {
            name: name.to_owned(),
            kind: "Job".to_owned(),
            path: "".into(),
            text: "".into(),
            events: vec![event],
            weight,
            delete_policies: Vec::new(),
            output_log_policies: Vec::new(),
        };
        (hook, object("Job", name))
    }

    fn plan(
        verb: Verb,
        previous: &[Object],
        next: &Next,
        observed: &Observed,
        deployed: &[Revision],
        options: &Options,
    ) -> Result<String, Error> {
        build(&Input {
            verb,
            owner: OWNER,
            previous,
            next,
            observed,
            deployed,
            prune: &[1],
            options,
        })
        .map(|plan| plan.to_string())
    }

    #[test]
    fn an_upgrade_writes_deletes_waits_and_records() {
        let previous =
            [object("Service", "a"), object("Secret", "old"), object("ConfigMap", "kept")];
        let mut observed: Observed = previous.iter().map(|object| live(object, true)).collect();
        observed.get_mut(&previous[2].id).unwrap()["metadata"]["annotations"]["helm.sh/resource-policy"] =
            "keep".into();
        let next = Next {
            revision: 4,
            objects: vec![object("ConfigMap", "new"), object("Service", "a")],
            hooks: vec![
                hook(Event::PreUpgrade, "second", 2),
                hook(Event::PreUpgrade, "first", -1),
                hook(Event::PostUpgrade, "last", 0),
            ],
            repeats: None,
        };
        let options = Options {
            wait: Some(Until::Ready { jobs: false, rules: crate::plan::Rules::Kstatus }),
            ..Options::default()
        };
        let shown = plan(Verb::Upgrade, &previous, &next, &observed, &[2, 3], &options).unwrap();
        assert_eq!(
            shown,
            "create record 4: pending-upgrade, Preparing upgrade\n\
             run pre-upgrade hooks Job/prod/first, Job/prod/second\n\
             create ConfigMap/prod/new\n\
             update Service/prod/a\n\
             delete Secret/prod/old\n\
             wait until ready: ConfigMap/prod/new, Service/prod/a\n\
             run post-upgrade hooks Job/prod/last\n\
             update record 4: deployed, Upgrade complete\n\
             update record 2: superseded\n\
             update record 3: superseded\n\
             delete record 1\n\
             keep ConfigMap/prod/kept\n\
             on failure: update record 4: failed, Upgrade \"web\" failed: <error>\n\
             on failure: delete record 1\n"
        );
    }

    #[test]
    fn a_failed_rollback_keeps_the_revision_to_go_back_to() {
        let next = Next { revision: 4, repeats: Some(1), ..Next::default() };
        let options = Options::default();
        let shown = plan(Verb::Rollback, &[], &next, &Observed::new(), &[3], &options).unwrap();
        assert!(shown.contains("\ndelete record 1\n"), "{shown}");
        assert!(!shown.contains("on failure: delete"), "{shown}");
    }

    #[test]
    fn an_install_adopts_its_own_and_refuses_others() {
        let (own, other) = (object("Secret", "own"), object("Secret", "other"));
        let next = Next { revision: 1, objects: vec![own.clone()], ..Next::default() };
        let observed = [live(&own, true), live(&other, false)].into_iter().collect();
        let options = Options { create_namespace: true, ..Options::default() };
        let shown = plan(Verb::Install, &[], &next, &observed, &[], &options).unwrap();
        assert!(shown.contains("create namespace prod\n"), "{shown}");
        assert!(shown.contains("adopt Secret/prod/own\n"), "{shown}");
        let next = Next { objects: vec![own, other], ..next };
        let error = plan(Verb::Install, &[], &next, &observed, &[], &options).unwrap_err();
        assert!(error.to_string().starts_with(
            "Secret \"other\" in namespace \"prod\" exists and cannot be imported into the current \
             release: invalid ownership metadata; label validation error: missing key"
        ));
        let options = Options { take_ownership: true, ..Options::default() };
        let shown = plan(Verb::Install, &[], &next, &observed, &[], &options).unwrap();
        assert!(shown.contains("adopt Secret/prod/own, Secret/prod/other\n"), "{shown}");
    }

    #[test]
    fn an_uninstall_goes_backwards_and_leaves_what_is_not_ours() {
        let objects = vec![
            object("Secret", "a"),
            object("ConfigMap", "foreign"),
            object("ConfigMap", "absent"),
            object("Service", "b"),
        ];
        let observed = [live(&objects[0], true), live(&objects[1], false), live(&objects[3], true)]
            .into_iter()
            .collect();
        let next = Next { revision: 1, objects, ..Next::default() };
        let shown =
            plan(Verb::Uninstall, &[], &next, &observed, &[1], &Options::default()).unwrap();
        assert_eq!(
            shown,
            "update record 1: uninstalling, Deletion in progress (or silently failed)\n\
             delete Service/prod/b\n\
             delete Secret/prod/a\n\
             delete record 1\n\
             keep ConfigMap/prod/foreign, which is not ours\n"
        );
    }

    #[test]
    fn an_object_described_twice_is_an_error() {
        let next = Next { revision: 1, objects: vec![object("Secret", "a"); 2], ..Next::default() };
        let error = plan(Verb::Install, &[], &next, &Observed::new(), &[], &Options::default())
            .unwrap_err();
        assert_eq!(error.to_string(), "the chart describes Secret/prod/a twice");
    }
}
