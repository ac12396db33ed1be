//! Snapshots of the volumes of a database.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::backup::Success;
use super::engine::Way;
use super::part::Part;
use super::release::{Member, Release};
use crate::inventory::kinds::VOLUME_SNAPSHOT;
use crate::inventory::lenient::{instant, is_set, text, truth};
use crate::inventory::world::World;
use crate::object::Object;

/// The backup that snapshots make of a database.
///
/// Of a member each volume must be snapshotted, and the oldest of these snapshots counts. Members
/// that each hold everything need one such member; where data is spread over them, all of them.
pub(super) fn backups(world: &World<'_>, release: &Release<'_>) -> Option<Success> {
    let taken = newest(world, release.namespace());
    let of_claim = |claim: &String| taken.get(claim.as_str()).copied();
    let of_member = |it: Member<'_>| {
        let claims = it.share.set.claims(it.pod);
        let times: Option<Vec<Timestamp>> = claims.iter().map(of_claim).collect();
        times?.into_iter().min()
    };
    let holds = |it: &Member<'_>| it.share.part != Part::Voter;
    let of_members: Vec<Option<Timestamp>> =
        release.members().filter(holds).map(of_member).collect();
    let at = match release.way() {
        Way::Spread => of_members.into_iter().min().flatten(),
        Way::Follow | Way::Vote => of_members.into_iter().flatten().max(),
    }?;
    Some(Success {
        what: "a snapshot of its volumes".to_owned(),
        at: Some(at),
    })
}

/// When each claim was last snapshotted, of snapshots that can be used.
fn newest<'w>(world: &World<'w>, place: &str) -> BTreeMap<&'w str, Timestamp> {
    let usable = |it: &&Object| {
        let snapshot = it.value();
        truth(snapshot, "/status/readyToUse") && !is_set(snapshot, "/metadata/deletionTimestamp")
    };
    let snapshots = world.within(VOLUME_SNAPSHOT, place);
    let mut newest = BTreeMap::new();
    for snapshot in snapshots.filter(usable) {
        let claim = text(snapshot.value(), "/spec/source/persistentVolumeClaimName");
        if let Some(at) = instant(snapshot.value(), "/status/creationTime") {
            let known = newest.entry(claim).or_insert(at);
            *known = at.max(*known);
        }
    }
    newest
}
