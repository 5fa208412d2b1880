use super::Error;
use super::client::Conflicts;
use super::execute::Execution;
use crate::manifest::{DeletePolicy, Event, Hook, OutputLogPolicy};
use crate::plan::{Object, Until};
use crate::release::{ApplyMethod, HookPhase, HookRun, Release, Revision};

impl Execution<'_> {
    /// Runs hooks one after the other, each to its end.
    pub(super) async fn run_hooks(
        &mut self,
        revision: Revision,
        event: &Event,
        hooks: &[(Hook, Object)],
        method: ApplyMethod,
    ) -> Result<(), Error> {
        for (at, (hook, object)) in hooks.iter().enumerate() {
            self.note_policies(revision, hook);
            if self.replace_hooks || hook.has_delete_policy(&DeletePolicy::BeforeHookCreation) {
                self.delete_hook(hook, object).await?;
            }
            self.note_run(revision, hook, HookPhase::Running);
            let result = self.run_hook(event, hook, object, method).await;
            let phase = if result.is_ok() { HookPhase::Succeeded } else { HookPhase::Failed };
            self.note_run(revision, hook, phase);
            if let Err(error) = result {
                let mut errors = vec![error];
                if hook.output_log_policies.contains(&OutputLogPolicy::HookFailed) {
                    self.cluster.tell_logs(&object.id).await;
                }
                self.collect_logs(hooks).await;
                if hook.has_delete_policy(&DeletePolicy::HookFailed) {
                    errors.extend(self.delete_hook(hook, object).await.err());
                }
                // Those before this one did succeed.
                errors.extend(self.delete_succeeded(&hooks[..at]).await.err());
                let source =
                    if errors.len() > 1 { Error::Several(errors) } else { errors.remove(0) };
                return Err(Error::Hooks { event: event.clone(), source: Box::new(source) });
            }
        }
        for (hook, object) in hooks.iter().rev() {
            if hook.output_log_policies.contains(&OutputLogPolicy::HookSucceeded) {
                self.cluster.tell_logs(&object.id).await;
            }
        }
        self.collect_logs(hooks).await;
        self.delete_succeeded(hooks).await
    }

    /// Reads what the Pods wrote, while they are there, if that is wanted.
    async fn collect_logs(&mut self, hooks: &[(Hook, Object)]) {
        if !self.keep_logs {
            return;
        }
        for (_, object) in hooks.iter().filter(|(_, object)| object.id.kind == "Pod") {
            match self.cluster.pod_logs(&object.id).await {
                Ok(logs) => self.logs.0.extend(logs),
                Err(error) => {
                    self.logs.1 = Some(error);
                    return;
                }
            }
        }
    }

    async fn run_hook(
        &self,
        event: &Event,
        hook: &Hook,
        object: &Object,
        method: ApplyMethod,
    ) -> Result<(), Error> {
        let path = self.cluster.path(&object.id).await?;
        let made = if method == ApplyMethod::ServerSide {
            // Hooks are applied with whatever fields they have; conflicts would come from leftovers of
            // others only.
            let applied = self.cluster.apply(&path, &object.body, Conflicts::Refuse).await;
            applied.map_err(|source| Error::Apply { id: object.id.clone(), source })
        } else {
            self.cluster.make(&object.id, &object.body).await
        };
        let applied = made.map_err(|source| Error::HookCreate {
            event: event.clone(),
            path: hook.path.to_string(),
            source: Box::new(source),
        })?;
        match object.id.kind.as_str() {
            "Job" | "Pod" => self.cluster.wait_for_hook(&object.id, &applied, self.deadline).await,
            _ => Ok(()),
        }
    }

    async fn delete_succeeded(&self, hooks: &[(Hook, Object)]) -> Result<(), Error> {
        for (hook, object) in hooks.iter().rev() {
            if hook.has_delete_policy(&DeletePolicy::HookSucceeded) {
                self.delete_hook(hook, object).await?;
            }
        }
        Ok(())
    }

    /// Deletes the object of a hook and waits until it is gone, so that it can be made again.
    /// Definitions stay: their deletion would take all their objects with them.
    async fn delete_hook(&self, hook: &Hook, object: &Object) -> Result<(), Error> {
        if hook.kind == "CustomResourceDefinition" {
            return Ok(());
        }
        let path = self.cluster.path(&object.id).await?;
        let deleted = self.cluster.delete(&path, "Background").await;
        deleted.map_err(|source| Error::Delete { id: object.id.clone(), source })?;
        let ids = std::slice::from_ref(&object.id);
        self.cluster.wait(ids, Until::Gone, self.deadline).await
    }

    fn note_policies(&mut self, revision: Revision, hook: &Hook) {
        // Helm writes the default into the record once a hook has run.
        if hook.delete_policies.is_empty()
            && let Some(record) = self.hook_record(revision, hook)
        {
            record.hook.delete_policies = vec![DeletePolicy::BeforeHookCreation];
        }
    }

    fn note_run(&mut self, revision: Revision, hook: &Hook, phase: HookPhase) {
        let now = self.clock.now();
        if let Some(record) = self.hook_record(revision, hook) {
            record.last_run = match phase {
                HookPhase::Running => HookRun { started_at: Some(now), completed_at: None, phase },
                _ => HookRun { completed_at: Some(now), phase, ..record.last_run.clone() },
            };
        }
    }

    fn hook_record(
        &mut self,
        revision: Revision,
        hook: &Hook,
    ) -> Option<&mut crate::release::HookRecord> {
        let release: &mut Release = self.records.get_mut(&revision)?;
        release.hooks.iter_mut().find(|record| {
            let known = &record.hook;
            (&known.kind, &known.name, &known.path) == (&hook.kind, &hook.name, &hook.path)
        })
    }
}
