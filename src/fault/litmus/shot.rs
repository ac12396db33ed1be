//! One experiment of an engine: what its fault does, to whom, and for how long.

use std::time::Duration;

use super::definition::{Defined, Program, may_be_old};
use super::engine::Found;
use super::env::{Env, Knob};
use super::hub::{HubFault, Order, Select, suggestion};
use super::strength::Blow;
use super::target::Aimer;
use crate::fault::{Action, Aim, Effect, Fault, Lifetime, Mode, Overlap, Surroundings, Unreadable};
use crate::object::Field;

const RAMP: Knob = Knob::new("RAMP_TIME", 0);

/// How long an engine waits for targets and helpers before and after a fault, where it asks at all.
const STATUS_CHECK: i64 = 180;

/// What all experiments of an engine share.
pub(super) struct Scene<'a> {
    /// Its spec.
    pub(super) spec: Field<'a>,
    pub(super) namespace: &'a str,
    /// The target text, and the field that holds it.
    pub(super) target: (String, String),
    pub(super) surroundings: &'a Surroundings,
}

/// One experiment: the fault it is, and its variables.
pub(super) struct Shot {
    pub(super) env: Env,
    hub: &'static HubFault,
    field: String,
    order: Order,
    /// Whether the fault may be of a version that does not ask for the kind of a target.
    old: bool,
}

impl Shot {
    /// Reads an experiment of an engine; `None` where it runs nothing that could be told.
    pub(super) fn of(
        item: &Field<'_>,
        scene: &Scene<'_>,
        found: &mut Found,
    ) -> Result<Option<Self>, Unreadable> {
        let name = item.get("name");
        let text = name.required_text()?;
        let defined = Defined::find(scene.surroundings, scene.namespace, text);
        let Some(hub) = fault_of(&name, &defined, found)? else {
            return Ok(None);
        };
        let (env, old) = match &defined {
            Defined::By(definition) => {
                let own = item.get("spec").get("components").get("experimentImage");
                let image = own.text()?.filter(|own| !own.is_empty());
                let image = image.or(definition.faults()?);
                let env = Env::of(item, Some(&definition.env()))?;
                (env, image.is_some_and(may_be_old))
            }
            Defined::Unseen | Defined::Missing => (Env::of(item, None)?, false),
        };
        Ok(Some(Self {
            order: order(&env, hub)?,
            env,
            hub,
            field: item.path().to_owned(),
            old,
        }))
    }

    /// Adds what it does, and tells how long it takes; `None` where nothing ends it.
    pub(super) fn fire(
        &self,
        scene: &Scene<'_>,
        found: &mut Found,
    ) -> Result<Option<Duration>, Unreadable> {
        let aimer = Aimer::new(&self.env, &scene.target, scene.namespace, self.old)?;
        self.joined(&aimer, found)?;
        let blow = self.blow()?;
        let duration = self.duration()?;
        let (aims, count) = self.aims(&aimer, blow.effect)?;
        let overlap = self.overlap(duration)?;
        let stretch = self.hub.stretch.filter(|_| !blow.stays);
        let lifetime = stretch.map_or(Lifetime::Forever, |stretch| {
            self.lifetime(duration.saturating_mul(stretch), count, found)
        });
        for (aim, effect) in aims {
            let fault = Fault {
                action: blow.action,
                effect,
                aim,
                lifetime,
                overlap,
                intensity: blow.intensity,
                field: self.field.clone(),
                duration_field: self.env.path(self.hub.duration.name),
                later: found.stopped || overlap != Overlap::AtMost(1),
            };
            let also = blow.also.map(|action| Fault {
                action,
                ..fault.clone()
            });
            found
                .faults
                .extend([Some(fault), also].into_iter().flatten());
        }
        let window = match lifetime {
            Lifetime::For(window) => Some(window),
            Lifetime::Instant | Lifetime::Never => Some(Duration::ZERO),
            Lifetime::Forever => None,
        };
        let around = self.around(scene)?;
        Ok(window.map(|window| window.saturating_add(around)))
    }

    /// Two labels widen what most people think they narrow.
    fn joined(&self, aimer: &Aimer<'_>, found: &mut Found) -> Result<(), Unreadable> {
        let by_label = [Select::Pods, Select::PodsPlain].contains(&self.hub.select);
        if by_label && self.env.list("TARGET_PODS")?.is_empty() && aimer.joins_labels() {
            let message = "a pod with any one of these labels is in reach, not only those with all";
            found.note(aimer.field.clone(), message);
        }
        Ok(())
    }

    /// How long the engine waits before and after.
    fn around(&self, scene: &Scene<'_>) -> Result<Duration, Unreadable> {
        let ramp = u64::from(self.env.number(RAMP)?.most);
        let check = if self.checks(scene)? {
            let timeouts = scene.spec.get("components").get("statusCheckTimeouts");
            let timeout = timeouts.get("timeout").integer()?.unwrap_or(STATUS_CHECK);
            u64::try_from(timeout).unwrap_or(0)
        } else {
            0
        };
        Ok(Duration::from_secs(
            ramp.saturating_add(check).saturating_mul(2),
        ))
    }

    /// Whether the engine waits for its targets to be healthy. The published definitions do not ask
    /// for it, and variables count over the engine's word.
    fn checks(&self, scene: &Scene<'_>) -> Result<bool, Unreadable> {
        const NAME: &str = "DEFAULT_HEALTH_CHECK";
        if self.env.may_be_published(NAME) {
            return Ok(false);
        }
        if self.env.sets(NAME) {
            return Ok(self.env.text(NAME)? != "false");
        }
        Ok(scene
            .spec
            .get("defaultHealthCheck")
            .boolean()?
            .unwrap_or(false))
    }

    fn blow(&self) -> Result<Blow, Unreadable> {
        let mut blow = Blow {
            action: self.hub.action,
            effect: self.hub.effect,
            intensity: self.hub.intensity,
            also: None,
            stays: self.hub.stretch.is_none(),
        };
        if let Some(read) = self.hub.strength {
            read(&self.env, &mut blow)?;
        }
        Ok(blow)
    }

    fn duration(&self) -> Result<Duration, Unreadable> {
        let seconds = self.env.number(self.hub.duration)?.most;
        if seconds == 0 {
            let accepted = "1 or more whole seconds without a unit: this is read as no time at all, after which some faults never end";
            return Err(self.env.unreadable(self.hub.duration.name, accepted));
        }
        Ok(Duration::from_secs(u64::from(seconds)))
    }

    /// What is hit and how badly, and how many victims take turns; `None` where only the cluster can
    /// tell.
    fn aims(&self, aimer: &Aimer<'_>, effect: Effect) -> Result<Aims, Unreadable> {
        let one = |aim: Aim| (vec![(aim, effect)], Some(1));
        Ok(match self.hub.select {
            Select::Pods | Select::PodsPlain => {
                let mut choice = aimer.pods(self.hub.select == Select::PodsPlain)?;
                // In turn, one is over before the next begins, unless a victim stays down.
                let recovers = effect < Effect::Down && !self.hub.redraws;
                if self.order == Order::InTurn && recovers {
                    choice.target.mode = Mode::One;
                }
                (vec![(Aim::Pods(choice.target), effect)], choice.count)
            }
            Select::ManyNodes => {
                let choice = aimer.many_nodes()?;
                (vec![(Aim::Nodes(choice.target), effect)], choice.count)
            }
            Select::Machines(list) => {
                let aims = aimer.machines(list)?;
                let count = u32::try_from(aims.len()).ok();
                (aims.into_iter().map(|aim| (aim, effect)).collect(), count)
            }
            Select::Partition => one(Aim::Pods(aimer.partition()?)),
            Select::Workloads => (aimer.workloads()?, Some(1)),
            Select::Broker => one(Aim::Pods(aimer.broker()?)),
            Select::OneNode => one(Aim::Nodes(aimer.one_node()?)),
            Select::Elsewhere(why) => one(Aim::Unknown(why.to_owned())),
        })
    }

    /// Whoever is hit in turn is hit for the whole duration each.
    fn lifetime(&self, each: Duration, count: Option<u32>, found: &mut Found) -> Lifetime {
        let together = self.order == Order::Together || self.hub.redraws;
        let turns = if together { Some(1) } else { count };
        let Some(turns) = turns else {
            found.note(
                self.env.path("SEQUENCE"),
                "one after the other, each for the whole duration, and nobody can say how many; name them in TARGET_PODS, or use parallel",
            );
            return Lifetime::Forever;
        };
        Lifetime::For(each.saturating_mul(turns.max(1)))
    }

    /// A fault that chooses anew in each round may take another before the last is back.
    fn overlap(&self, duration: Duration) -> Result<Overlap, Unreadable> {
        const RANDOMNESS: &str = "RANDOMNESS";
        let interval = Knob::new("CHAOS_INTERVAL", 5).program(10);
        if !self.hub.redraws {
            return Ok(Overlap::AtMost(1));
        }
        let random = self.env.text(RANDOMNESS)?.eq_ignore_ascii_case("true");
        let interval = if random { interval.ranged() } else { interval };
        let interval = u64::from(self.env.number(interval)?.least).max(1);
        let rounds = duration.as_secs().div_ceil(interval);
        Ok(Overlap::AtMost(
            u32::try_from(rounds).unwrap_or(u32::MAX).max(1),
        ))
    }
}

/// What is hit, each with what it suffers, and how many of them take turns.
type Aims = (Vec<(Aim, Effect)>, Option<u32>);

/// The fault that an experiment runs; `None` where its definition does not tell, or is not there.
fn fault_of(
    name: &Field<'_>,
    defined: &Defined<'_>,
    found: &mut Found,
) -> Result<Option<&'static HubFault>, Unreadable> {
    let text = name.required_text()?;
    let published = HubFault::named(text);
    let definition = match defined {
        Defined::By(definition) => definition,
        Defined::Unseen => {
            let fault = published.ok_or_else(|| name.unreadable(suggestion(text)))?;
            found.unseen(name);
            return Ok(Some(fault));
        }
        Defined::Missing => {
            let refusal = name.unreadable(
                "the name of a ChaosExperiment of this namespace: this one is not there, and what is created under its name before the engine runs is not judged; install it first",
            );
            found.refusals.push(refusal);
            return Ok(published);
        }
    };
    if definition.faults()?.is_none() {
        found.arbitrary(
            &definition.image(),
            "an image that holds no faults of Litmus",
        );
    }
    match definition.program()? {
        Program::Fault(program) => {
            let fault = HubFault::run_as(program);
            if fault.is_none() {
                let accepted = "-name and a fault of the Litmus hub, such as pod-delete";
                found.refusals.push(definition.args().unreadable(accepted));
            }
            Ok(fault)
        }
        Program::Commands => {
            found.arbitrary(&definition.args(), "a command of the author's choice");
            Ok(published)
        }
    }
}

fn order(env: &Env, hub: &HubFault) -> Result<Order, Unreadable> {
    const NAME: &str = "SEQUENCE";
    let accepted = "parallel, serial or random";
    match env.text(NAME)?.to_ascii_lowercase().as_str() {
        "parallel" => Ok(Order::Together),
        "serial" => Ok(Order::InTurn),
        "random" => Ok(Order::Either),
        "" if hub.order == Order::Refused => Err(env.unreadable(NAME, accepted)),
        // The published definitions say parallel, whatever the program would do by itself.
        "" if hub.order != Order::Together && env.may_be_published(NAME) => Ok(Order::Either),
        "" => Ok(hub.order),
        _ => Err(env.unreadable(NAME, accepted)),
    }
}

/// Whether an action leaves nothing for a helper to take back.
pub(super) fn is_done_at_once(action: Action) -> bool {
    [Action::PodKill, Action::Scale].contains(&action)
}
