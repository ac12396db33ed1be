//! What is known of a database that no operator runs.

use std::collections::BTreeMap;

use super::engine::{self, Way};
use super::outside::Outside;
use super::part::{self, Part};
use super::role::{Role, role};
use super::sentinel::{self, Sentinels};
use super::set::{INSTANCES, Set};
use crate::inventory::untold::forget_records;
use crate::inventory::world::World;
use crate::inventory::{Database, Group, Pod, PodId, Quorum, Writer, narrow};

/// A workload of a database, and why it was taken for one.
pub(super) struct Share<'s> {
    pub(super) set: Set<'s>,
    pub(super) engine: String,
    pub(super) part: Part,
    /// How many pods it should have.
    pub(super) size: u32,
    /// Whether its pods also decide for the others.
    pub(super) decides: bool,
    pub(super) reason: String,
    pub(super) doubt: Option<String>,
}

/// The workloads of one database.
pub(super) struct Release<'s> {
    pub(super) engine: String,
    /// How many pods all of them should have.
    pub(super) size: u32,
    name: String,
    unit: String,
    pub(super) shares: Vec<Share<'s>>,
}

/// A member and the workload it is of.
pub(super) struct Member<'m> {
    pub(super) share: &'m Share<'m>,
    pub(super) id: PodId,
    pub(super) pod: &'m Pod,
}

impl Share<'_> {
    /// Whether it is what a database has but one of.
    fn is_core(&self) -> bool {
        match engine::way(&self.engine) {
            Way::Follow => part::is_primary(&self.engine, &self.set.words()),
            Way::Vote => self.part == Part::Member,
            Way::Spread => false,
        }
    }
}

impl<'s> Release<'s> {
    /// The database of workloads of one release and engine. There are several where one chart is
    /// in the release more than once; then their names tell them apart.
    pub(super) fn of_shares(shares: Vec<Share<'s>>) -> Vec<Self> {
        if shares.iter().filter(|it| it.is_core()).count() < 2 {
            return Self::new(shares, None).into_iter().collect();
        }
        let mut by_stem = BTreeMap::<String, Vec<Share<'s>>>::new();
        for share in shares {
            let stem = part::stem(&share.set.owner.name).to_owned();
            by_stem.entry(stem).or_default().push(share);
        }
        let releases = by_stem.into_iter();
        let release = |(stem, shares)| Self::new(shares, Some(stem));
        releases.filter_map(release).collect()
    }

    fn new(shares: Vec<Share<'s>>, stem: Option<String>) -> Option<Self> {
        let first = shares.first()?;
        let sizes = shares.iter().map(|it| it.size);
        let shard = first.set.label("shard");
        let several = shares.len() > 1;
        let name = match stem {
            _ if !several => first.set.owner.name.to_string(),
            Some(stem) => stem,
            None => first.set.first_label(&INSTANCES).to_owned(),
        };
        let unit = (several && !shard.is_empty()).then(|| format!("shard {shard}"));
        Some(Self {
            engine: first.engine.clone(),
            size: sizes.fold(0, u32::saturating_add),
            name,
            unit: unit.unwrap_or_default(),
            shares,
        })
    }

    /// The database; `all` are those that may decide for it.
    pub(super) fn group(&self, world: &World<'_>, all: &[Self]) -> Option<Group> {
        let owner = &self.shares.first()?.set.owner;
        let mut members: Vec<PodId> = self.members().map(|it| it.id).collect();
        members.sort_unstable();
        world.missed.take();
        let mut database = self.database(world, all);
        if let Some(why) = world.missed.take() {
            forget_records(&mut database, &why);
        }
        Some(Group {
            kind: owner.kind.clone(),
            api_group: owner.api_group.clone(),
            namespace: self.namespace().into(),
            name: self.name.as_str().into(),
            unit: self.unit.as_str().into(),
            size: self.size,
            database: Some(Box::new(database)),
            members,
        })
    }

    fn database(&self, world: &World<'_>, all: &[Self]) -> Database {
        let watched = sentinel::is_watched(&self.engine) && !self.elects();
        let sentinels = watched.then(|| sentinel::of(self, all)).flatten();
        let stand = sentinels.is_some_and(Sentinels::stand);
        let role = role(self, world, self.elects() || sentinels.is_some());
        let promoted = self.elects() || if watched { stand } else { role.moves };
        let writer = self.writer(&role, self.elects() || stand);
        let outside = Outside::of(world, self, all);
        Database {
            engine: self.engine.clone(),
            recognised_by: self.recognised_by(&writer, promoted),
            doubt: self.doubt(&role),
            standbys: self.standbys(&writer, promoted),
            quorum: self.quorum(&writer, role.moves),
            writer,
            unhealthy: self.unhealthy(sentinels),
            busy: outside.running(),
            paused: self.shares.iter().all(|it| it.set.is_scaled_to_nothing()),
            lag: None,
            backup: outside.newest(),
            restored: outside.restored(),
            point_in_time: None,
            backup_schedules: outside.schedules(),
        }
    }

    pub(super) fn namespace(&self) -> &'s str {
        self.shares.first().map_or("", |it| it.set.namespace)
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn instance(&self) -> &'s str {
        let first = self.shares.first();
        first.map_or("", |it| it.set.first_label(&INSTANCES))
    }

    pub(super) fn members(&self) -> impl Iterator<Item = Member<'_>> {
        let of_share = |share| Share::members(share);
        self.shares.iter().flat_map(of_share)
    }

    /// How its members hold together. Those that decide for others vote.
    pub(super) fn way(&self) -> Way {
        match self.shares.first().map(|it| it.part) {
            Some(Part::Council) => Way::Vote,
            Some(Part::Member | Part::Voter | Part::Beside) | None => engine::way(&self.engine),
        }
    }

    /// Whether its members themselves agree on who is written to.
    pub(super) fn elects(&self) -> bool {
        let inside = || self.shares.iter().all(|it| sentinel::runs_one(&it.set));
        self.way() != Way::Follow || (sentinel::is_watched(&self.engine) && inside())
    }

    fn recognised_by(&self, writer: &Writer, promoted: bool) -> String {
        let reason = self.shares.first().map_or("", |it| &it.reason);
        let fixed = matches!(writer, Writer::Known(_)) && !promoted && self.members().count() > 1;
        let note = if fixed {
            "; nothing promotes another member"
        } else {
            ""
        };
        format!("{reason}{note}")
    }

    fn doubt(&self, role: &Role) -> Option<String> {
        let mut doubts = self.shares.iter().filter_map(|it| it.doubt.clone());
        role.doubt.clone().or_else(|| doubts.next())
    }

    /// A member that holds the data is the writer when it is the only one. Of several, any may be
    /// where something agrees on one; else one is, and nothing tells which.
    fn writer(&self, role: &Role, agreed: bool) -> Writer {
        let holds = |it: &Member<'_>| it.share.part != Part::Voter;
        let mut holders = self.members().filter(holds);
        let probable = self
            .members()
            .filter(holds)
            .min_by_key(|it| super::ordinal(it.pod));
        let probable = probable.map(|it| it.id);
        match (holders.next(), holders.next()) {
            _ if !role.writers.is_empty() => Writer::Known(role.writers.clone()),
            (Some(only), None) if !self.is_replica(&only) => Writer::Known(vec![only.id]),
            _ if agreed => Writer::Any { probable },
            _ => Writer::Untold { probable },
        }
    }

    /// Whether a member is by its workload one that only follows.
    fn is_replica(&self, member: &Member<'_>) -> bool {
        let words = member.share.set.words();
        part::is_fixed(&self.engine, &words) && !part::is_primary(&self.engine, &words)
    }

    /// Members that may take over from the writer and hold the data to do so.
    fn standbys(&self, writer: &Writer, promoted: bool) -> Vec<PodId> {
        let leads = |id: PodId| matches!(writer, Writer::Known(known) if known.contains(&id));
        let able = |it: &Member<'_>| promoted && it.share.part != Part::Voter && !leads(it.id);
        let mut standbys: Vec<PodId> = self.members().filter(able).map(|it| it.id).collect();
        standbys.sort_unstable();
        standbys
    }

    fn quorum(&self, writer: &Writer, moves: bool) -> Quorum {
        let votes = self.size.max(narrow(self.members().count()));
        match self.way() {
            Way::Spread => Quorum::AtLeast(votes.saturating_sub(self.spare(votes))),
            Way::Follow if !self.elects() && !self.may_vote(writer, moves) => Quorum::None,
            Way::Follow | Way::Vote => self.majority(votes),
        }
    }

    /// Whether a database that only follows may be one that votes. A writer that moves within
    /// MySQL may be that of a replication group, and so may one that nothing tells.
    fn may_vote(&self, writer: &Writer, moves: bool) -> bool {
        let groups = ["mariadb", "mysql"].contains(&self.engine.as_str());
        match writer {
            Writer::Known(_) => moves && groups,
            Writer::Any { .. } | Writer::Untold { .. } => true,
        }
    }

    /// More than half of the votes, and so many that one of them holds the data.
    fn majority(&self, votes: u32) -> Quorum {
        let voters = self.pods_of(|it| it.part == Part::Voter);
        if voters > votes / 2 {
            return Quorum::AtLeast(voters.saturating_add(1));
        }
        Quorum::Majority(votes)
    }

    /// How many members may be lost of those that data is spread over: with three copies of each
    /// piece, one; none where that leaves no majority.
    fn spare(&self, votes: u32) -> u32 {
        let deciding = self.pods_of(|it| it.decides);
        let decided = deciding == 0 || deciding > 2;
        u32::from(votes > 2 && decided)
    }

    fn pods_of(&self, which: impl Fn(&Share<'_>) -> bool) -> u32 {
        let shares = self.shares.iter().filter(|it| which(it));
        shares.map(|it| it.size).fold(0, u32::saturating_add)
    }

    fn unhealthy(&self, sentinels: Option<Sentinels>) -> Option<String> {
        let off = |it: &&Share<'_>| it.is_core() && it.set.is_scaled_to_nothing();
        let off = self.shares.iter().find(off).filter(|_| self.size > 0);
        let off = off.map(|it| format!("its {} is scaled to no pod", it.set.owner.name));
        let mut members = self.members().peekable();
        let headless = members.peek().is_some() && members.all(|it| self.is_replica(&it));
        let headless = headless.then(|| "all of its pods are replicas".to_owned());
        off.or(headless).or_else(|| sentinels?.too_few())
    }
}

impl Share<'_> {
    fn members(&self) -> impl Iterator<Item = Member<'_>> {
        let member = |(id, pod)| Member {
            share: self,
            id,
            pod,
        };
        self.set.members().map(member)
    }
}
