//! What was promised is given back, what was made is removed, and the run is let go.

use std::time::Duration;

use super::turn::Turn;
use crate::schedule::effect::Effect;
use crate::schedule::observed::{Promise, Sight};
use crate::schedule::spec::status::{ChaosObject, PhaseWord};

/// How often it is looked at.
const LOOK: Duration = Duration::from_secs(5);

pub(super) fn step(turn: &mut Turn<'_>) {
    let removed = remove(turn);
    let given_back = give_back(turn);
    if removed && given_back {
        turn.enter(PhaseWord::Closed, "closed");
    } else {
        turn.wait(LOOK);
    }
}

/// What was promised is given back once the database has again what it needs.
fn give_back(turn: &mut Turn<'_>) -> bool {
    match &turn.seen.promise {
        Promise::None | Promise::Refused(_) => true,
        Promise::Unknown(_) => false,
        Promise::Held => {
            let subject = turn.subject();
            let recovered = subject.is_some_and(|it| it.ready() >= it.minimum);
            if recovered || turn.run.status.injected_at.is_none() {
                turn.ask(Effect::Release);
            }
            false
        }
    }
}

/// The chaos object stays until here, so that its name is taken.
fn remove(turn: &mut Turn<'_>) -> bool {
    let Some(object) = turn.run.status.chaos_object.clone() else {
        return true;
    };
    match &turn.seen.object {
        Sight::Seen(None) => true,
        Sight::Seen(Some(it)) if !it.own => true,
        Sight::Blind(_) => false,
        Sight::Seen(Some(it)) => {
            let uid = Some(it.uid.clone());
            turn.ask(Effect::Delete(Box::new(ChaosObject { uid, ..object })));
            false
        }
    }
}

pub(super) fn closed(turn: &mut Turn<'_>) {
    if turn.run.held {
        turn.ask(Effect::LetGo);
        turn.wait(LOOK);
    }
}
