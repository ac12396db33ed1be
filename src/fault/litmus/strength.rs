//! How strong a Litmus fault is, and from which strength on it does worse than its default effect.

use std::time::Duration;

use super::env::{Env, Knob};
use crate::fault::experiment::EXTREME_DELAY;
use crate::fault::{Action, Effect, Intensity, Unreadable};

/// What a fault does to a victim.
#[derive(Debug, Clone, Copy)]
pub(super) struct Blow {
    pub(super) action: Action,
    pub(super) effect: Effect,
    pub(super) intensity: Intensity,
    /// What else befalls the same victims.
    pub(super) also: Option<Action>,
    /// Whether nothing takes it back.
    pub(super) stays: bool,
}

/// No strength that could be told.
pub(super) const UNTOLD: Intensity = Intensity {
    cpu_percent: None,
    memory_percent: None,
    disk_fill_percent: None,
    latency: None,
    loss_percent: None,
    grace: None,
};

/// The whole processor.
pub(super) const FULL_CPU: Intensity = Intensity {
    cpu_percent: Some(100),
    ..UNTOLD
};

/// The whole disk.
pub(super) const FULL_DISK: Intensity = Intensity {
    disk_fill_percent: Some(100),
    ..UNTOLD
};

/// Sets the strength that the variables ask for.
pub(super) type Set = fn(&Env, &mut Blow) -> Result<(), Unreadable>;

/// Packets lost or corrupted, in percent, from which on replication does not get through.
const CUT: u32 = 20;

/// Bits a second below which nothing useful gets through.
const TRICKLE: u64 = 64_000;

/// Filling takes at least this percentage, whatever the variables say.
const LEAST_FILL: u32 = 10;

/// Memory pressure on a node is at least this percentage, whatever the variables say.
const LEAST_NODE_MEMORY: u32 = 30;

/// Load on the processor of a pod. No number of cores is all of them.
pub(super) fn pod_cpu(env: &Env, blow: &mut Blow) -> Result<(), Unreadable> {
    env.number(Knob::new("CPU_CORES", 1).program(0).ranged())?;
    cpu(env, blow)
}

/// Load on the processor of a node. No number of cores is all of them.
pub(super) fn node_cpu(env: &Env, blow: &mut Blow) -> Result<(), Unreadable> {
    env.number(Knob::new("NODE_CPU_CORE", 0).ranged())?;
    cpu(env, blow)
}

fn cpu(env: &Env, blow: &mut Blow) -> Result<(), Unreadable> {
    let load = env.number(Knob::new("CPU_LOAD", 100).ranged())?;
    blow.intensity.cpu_percent = Some(load.most);
    Ok(())
}

/// Memory of a pod taken: megabytes, of which its limit is not in view.
pub(super) fn pod_memory(env: &Env, _: &mut Blow) -> Result<(), Unreadable> {
    env.number(Knob::new("MEMORY_CONSUMPTION", 500).ranged())?;
    env.number(Knob::new("NUMBER_OF_WORKERS", 1).program(4).ranged())?;
    Ok(())
}

/// The command that restarts a node may switch it off.
pub(super) fn reboot(env: &Env, blow: &mut Blow) -> Result<(), Unreadable> {
    if env.text("REBOOT_COMMAND")?.contains("poweroff") {
        blow.action = Action::NodeStop;
        blow.stays = true;
    }
    Ok(())
}

/// Packets lost.
pub(super) fn loss(env: &Env, blow: &mut Blow) -> Result<(), Unreadable> {
    lossy(env, blow, "NETWORK_PACKET_LOSS_PERCENTAGE")
}

/// Packets corrupted.
pub(super) fn corruption(env: &Env, blow: &mut Blow) -> Result<(), Unreadable> {
    lossy(env, blow, "NETWORK_PACKET_CORRUPTION_PERCENTAGE")
}

fn lossy(env: &Env, blow: &mut Blow, name: &'static str) -> Result<(), Unreadable> {
    let percent = env.number(Knob::new(name, 100).ranged())?.most;
    blow.intensity.loss_percent = Some(percent);
    blow.effect = if percent >= CUT {
        Effect::Isolated
    } else {
        Effect::Degraded
    };
    Ok(())
}

/// Delay of each packet.
pub(super) fn latency(env: &Env, blow: &mut Blow) -> Result<(), Unreadable> {
    let latency = env.number(Knob::new("NETWORK_LATENCY", 2000))?.most;
    let jitter = env.number(Knob::new("JITTER", 0))?.most;
    let delay = Duration::from_millis(u64::from(latency).saturating_add(u64::from(jitter)));
    blow.intensity.latency = Some(delay);
    if delay >= EXTREME_DELAY {
        blow.effect = Effect::Isolated;
    }
    Ok(())
}

/// Delay of each call.
pub(super) fn http_latency(env: &Env, blow: &mut Blow) -> Result<(), Unreadable> {
    let latency = env.number(Knob::new("LATENCY", 2000).program(6000))?.most;
    blow.intensity.latency = Some(Duration::from_millis(u64::from(latency)));
    Ok(())
}

/// Bandwidth that is left.
pub(super) fn bandwidth(env: &Env, blow: &mut Blow) -> Result<(), Unreadable> {
    const NAME: &str = "NETWORK_BANDWIDTH";
    const UNITS: &[(&str, u64)] = &[
        ("", 1),
        ("bit", 1),
        ("kbit", 1_000),
        ("mbit", 1_000_000),
        ("gbit", 1_000_000_000),
        ("bps", 8),
        ("kbps", 8_000),
        ("mbps", 8_000_000),
        ("gbps", 8_000_000_000),
    ];
    let text = env.text(NAME)?.to_ascii_lowercase();
    if text.is_empty() {
        return Ok(());
    }
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let number = text.strip_suffix(unit).and_then(|n| n.parse::<u64>().ok());
    let factor = UNITS.iter().find(|(name, _)| *name == unit);
    let (Some(number), Some((_, factor))) = (number, factor) else {
        return Err(env.unreadable(NAME, "a number and one of bit, kbit, mbit, gbit, bps, kbps"));
    };
    if number.saturating_mul(*factor) < TRICKLE {
        blow.effect = Effect::Isolated;
    }
    Ok(())
}

/// Ephemeral storage filled. An amount instead of a percentage may be all there is. A pod that
/// fills all of it is evicted, and its remains are deleted.
pub(super) fn disk_fill(env: &Env, blow: &mut Blow) -> Result<(), Unreadable> {
    let percent = env.number(Knob::new("FILL_PERCENTAGE", 80).ranged())?.most;
    let amount = !env.text("EPHEMERAL_STORAGE_MEBIBYTES")?.is_empty();
    let percent = if amount { percent.max(100) } else { percent };
    blow.intensity.disk_fill_percent = Some(percent);
    blow.also = (percent >= 100).then_some(Action::PodKill);
    Ok(())
}

/// Disks loaded from inside a pod. With a mount path, the files are written into that volume.
pub(super) fn pod_io(env: &Env, blow: &mut Blow) -> Result<(), Unreadable> {
    file_system(env, blow)?;
    if !env.text("VOLUME_MOUNT_PATH")?.is_empty() {
        blow.action = Action::DiskFill;
        blow.effect = Effect::Down;
    }
    Ok(())
}

/// The disk of a node filled and loaded.
pub(super) fn node_io(env: &Env, blow: &mut Blow) -> Result<(), Unreadable> {
    file_system(env, blow)
}

/// Which of percentage and amount counts depends on details of the versions; the larger is taken.
fn file_system(env: &Env, blow: &mut Blow) -> Result<(), Unreadable> {
    let knob = Knob::new("FILESYSTEM_UTILIZATION_PERCENTAGE", LEAST_FILL).ranged();
    let percent = env.number(knob)?.most.max(LEAST_FILL);
    let amount = env.text("FILESYSTEM_UTILIZATION_BYTES")?;
    let unbounded = !["", "0"].contains(&amount);
    blow.intensity.disk_fill_percent = Some(if unbounded { percent.max(100) } else { percent });
    Ok(())
}

/// Memory of a node taken.
pub(super) fn node_memory(env: &Env, blow: &mut Blow) -> Result<(), Unreadable> {
    let knob = Knob::new("MEMORY_CONSUMPTION_PERCENTAGE", LEAST_NODE_MEMORY).ranged();
    let percent = env.number(knob)?.most.max(LEAST_NODE_MEMORY);
    let amount = env.text("MEMORY_CONSUMPTION_MEBIBYTES")?;
    let unbounded = !["", "0"].contains(&amount);
    let percent = if unbounded { 100 } else { percent.min(100) };
    blow.intensity.memory_percent = Some(percent);
    Ok(())
}
