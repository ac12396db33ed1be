//! What a run asks for, done. Each may be done again without another effect, and what could hit somebody is done
//! only while the run is stored as it was when that was asked for.

use serde_json::{Value, json};

use super::promise::reference;
use super::reach::Failure;
use super::read::{Open, Stored, own};
use super::tell::tell;
use super::{Scheduler, acts, backups, read, subject};
use crate::object::Object;
use crate::schedule::effect::Effect;
use crate::schedule::run::FINALIZER;
use crate::schedule::spec::status::ChaosObject;
use crate::schedule::tool;

impl Scheduler {
    /// Does what is asked for. What does not work is asked for again at the next look.
    pub(super) async fn carry_out(&self, open: &Open, effect: &Effect) {
        let done = match effect {
            Effect::Hold => self.hold(open, true).await,
            Effect::LetGo => self.hold(open, false).await,
            Effect::BackUp(name) => self.back_up(open, name).await,
            Effect::Reserve => {
                let now = (self.now)();
                let view = self.outlook.view(now);
                self.promises.reserve(open, &view, now).await;
                Ok(())
            }
            Effect::Release => {
                let released = self.promises.release(open).await;
                released.map_err(|refused| Failure::Silent(refused.to_string()))
            }
            Effect::Create(object) => self.create(open, object).await,
            Effect::Remove(pinned) => match self.is_still(open).await {
                Ok(true) => acts::remove(&self.reach, open, pinned).await,
                other => other.map(drop),
            },
            Effect::Apply => match self.is_still(open).await {
                Ok(true) => acts::apply(&self.reach, open).await,
                other => other.map(drop),
            },
            Effect::Stop(object) => self.stop(object).await,
            Effect::Delete(object) => {
                let uid = object.uid.as_deref().unwrap_or_default();
                self.reach.delete(&reference(object), uid, None).await
            }
            Effect::Force(object) => self.force(object).await,
            Effect::PutBack(undo) => acts::put_back(&self.reach, open, undo).await,
            Effect::Sweep => self.sweep_run(open).await,
            Effect::Tell { reason, message } => {
                let told = (reason.as_str(), message.as_str());
                tell(&self.reach, &open.stored.object, told, (self.now)()).await;
                Ok(())
            }
        };
        if let Err(failure) = done {
            let run = open.stored.object.reference();
            tracing::warn!(%run, effect = name(effect), %failure, "not done yet");
        }
    }

    /// Whether the run is stored as it was. Who stood still in between does nothing late.
    async fn is_still(&self, open: &Open) -> Result<bool, Failure> {
        let found = self.reach.get(open.stored.object.reference()).await?;
        let version = open.stored.version();
        Ok(found.is_some_and(|it| !version.is_empty() && read::version(&it) == version))
    }

    /// Puts our finalizer on, or takes it off.
    async fn hold(&self, open: &Open, on: bool) -> Result<(), Failure> {
        let it = open.stored.object.reference();
        let Some(found) = self.reach.get(it).await? else {
            return Ok(());
        };
        if found.uid() != Some(open.run.uid.as_str()) {
            return Ok(());
        }
        let Ok(found) = Stored::read(found) else {
            return Ok(());
        };
        if found.is_held() == on {
            return Ok(());
        }
        let mut finalizers = found.finalizers();
        if on {
            finalizers.push(FINALIZER);
        } else {
            finalizers.retain(|it| *it != FINALIZER);
        }
        let patch = json!({"metadata": {
            "resourceVersion": found.version(), "finalizers": finalizers}});
        match self.reach.patch(it, &patch).await {
            Err(gone) if gone.is_missing() || gone.is_conflict() => Ok(()),
            other => other,
        }
    }

    async fn back_up(&self, open: &Open, name: &str) -> Result<(), Failure> {
        let Some(spec) = open.spec() else {
            return Ok(());
        };
        let view = self.outlook.view((self.now)());
        let found = subject::find(spec, &open.run.namespace, &view.inventory);
        let id = found.map_err(Failure::Silent)?;
        let group = view.inventory.group(id);
        let beside = self.outlook.beside();
        backups::make(&self.reach, open, (name, group, &beside)).await
    }

    /// Makes the chaos object. One of that name that is there is looked at next.
    async fn create(&self, open: &Open, object: &ChaosObject) -> Result<(), Failure> {
        if !self.is_still(open).await? {
            return Ok(());
        }
        let made = Object::new(object.object.clone());
        let made = made.map_err(|error| Failure::Silent(error.to_string()))?;
        match self.reach.create(&made, false).await {
            Ok(_) => Ok(()),
            Err(there) if there.is_conflict() => Ok(()),
            Err(other) => Err(other),
        }
    }

    /// Tells its tool to end it, or deletes it where only that ends it.
    async fn stop(&self, object: &ChaosObject) -> Result<(), Failure> {
        let it = reference(object);
        let uid = object.uid.as_deref().unwrap_or_default();
        let Some(found) = self.reach.get(&it).await? else {
            return Ok(());
        };
        if found.uid() != Some(uid) {
            return Ok(());
        }
        match tool::stop(&found) {
            Some(patch) => self.reach.patch(&it, &with_uid(patch, uid)).await,
            None => self.reach.delete(&it, uid, None).await,
        }
    }

    async fn force(&self, object: &ChaosObject) -> Result<(), Failure> {
        let it = reference(object);
        let uid = object.uid.as_deref().unwrap_or_default();
        let Some(found) = self.reach.get(&it).await? else {
            return Ok(());
        };
        match tool::force(&found) {
            Some(patch) if found.uid() == Some(uid) => {
                self.reach.patch(&it, &with_uid(patch, uid)).await
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Removes what bears the label of a run.
    async fn sweep_run(&self, open: &Open) -> Result<(), Failure> {
        for (it, uid) in self.left(open).await? {
            self.reach.delete(&it, &uid, None).await?;
        }
        Ok(())
    }

    /// Has a run end itself, as its user would.
    pub(super) async fn abort(&self, (namespace, name): (&str, &str)) -> Result<(), Failure> {
        let it = own(read::RUN, (namespace, name));
        let patch = json!({"spec": {"abort": true}});
        self.reach.patch(&it, &patch).await
    }
}

/// A patch for one instance and no other.
fn with_uid(mut patch: Value, uid: &str) -> Value {
    patch["metadata"]["uid"] = json!(uid);
    patch
}

/// What is asked for, for the log.
fn name(effect: &Effect) -> &'static str {
    match effect {
        Effect::Hold => "hold",
        Effect::LetGo => "let go",
        Effect::BackUp(_) => "back up",
        Effect::Reserve => "reserve",
        Effect::Release => "release",
        Effect::Create(_) => "create",
        Effect::Remove(_) => "remove",
        Effect::Apply => "apply",
        Effect::Stop(_) => "stop",
        Effect::Delete(_) => "delete",
        Effect::Force(_) => "force",
        Effect::PutBack(_) => "put back",
        Effect::Sweep => "sweep",
        Effect::Tell { .. } => "tell",
    }
}
