//! A backup is made, once, and awaited.

use std::time::Duration;

use super::turn::Turn;
use crate::policy::spec::values::Moment;
use crate::schedule::effect::Effect;
use crate::schedule::observed::Backup;
use crate::schedule::spec::status::PhaseWord;

/// How often it is looked at.
const LOOK: Duration = Duration::from_secs(5);

pub(super) fn step(turn: &mut Turn<'_>) {
    let late = turn.elapsed() > turn.plan.backup_within;
    match &turn.seen.backup {
        Backup::At {
            finished,
            own: true,
        } => {
            if let Some(taken) = &mut turn.next.backup {
                taken.finished_at = Some(Moment(*finished));
            }
            turn.enter(PhaseWord::Reserving, "the backup is made");
        }
        Backup::Failed(why) => turn.skip("BackupFailed", why),
        _ if late => turn.skip("BackupFailed", "the backup was not finished in time"),
        Backup::Running => turn.wait(LOOK),
        Backup::At { own: false, .. } | Backup::Never | Backup::Unknown(_) => {
            turn.ask(Effect::BackUp(turn.run.backup_name()));
            turn.wait(LOOK);
        }
    }
}
