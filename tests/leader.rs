//! One leader at a time, whatever the clocks say.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use firebreak::server::Clock;
use firebreak::server::leader::{Candidate, Duty, Terms};
use firebreak::server::listener::Phase;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::fake_api::FakeApi;

const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/firebreak/leases/firebreak";

/// A clock that goes with the time of the test, but is off by this much.
pub(crate) fn clock(off: SignedDuration) -> Clock {
    let (begun, start) = (Instant::now(), "2026-11-21T12:00:00Z".parse::<Timestamp>());
    let start = start.unwrap() + off;
    Arc::new(move || start + begun.elapsed())
}

/// How many lead now, and how many ever did at once.
#[derive(Clone, Default)]
struct Leading {
    now: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

/// Somebody leads while this lives.
struct Turn(Leading);

impl Leading {
    fn begin(&self) -> Turn {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        Turn(self.clone())
    }

    fn count(&self) -> usize {
        self.now.load(Ordering::SeqCst)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Ordering::SeqCst);
    }
}

struct Replica {
    phase: watch::Sender<Phase>,
    task: JoinHandle<()>,
    leading: Leading,
}

/// A replica that leads when it can; its clock is off by these minutes.
fn replica(api: &FakeApi, name: &str, minutes: i64, all: &Leading) -> Replica {
    let (phase, phases) = watch::channel(Phase::Serving);
    let now = clock(SignedDuration::from_mins(minutes));
    let place = (api.client(), "firebreak");
    let candidate = Candidate::new(place, ("firebreak", name), Terms::default(), now);
    let (all, leading) = (all.clone(), Leading::default());
    let own = leading.clone();
    let duty: Duty = Box::new(move || {
        let turns = [all.begin(), own.begin()];
        Box::pin(async move {
            let _turns = turns;
            std::future::pending::<()>().await;
        })
    });
    Replica {
        phase,
        task: tokio::spawn(candidate.lead(vec![duty], phases)),
        leading,
    }
}

async fn until(what: impl Fn() -> bool) -> Duration {
    let begun = Instant::now();
    while !what() {
        assert!(begun.elapsed() < Duration::from_mins(10), "it never came");
        sleep(Duration::from_millis(100)).await;
    }
    begun.elapsed()
}

#[tokio::test(start_paused = true)]
async fn another_takes_over_when_the_lease_has_run_out_whatever_its_clock_says() {
    for minutes in [-5, 0, 5] {
        let (api, all) = (FakeApi::default(), Leading::default());
        let first = replica(&api, "first", 0, &all);
        until(|| first.leading.count() == 1).await;
        let second = replica(&api, "second", minutes, &all);
        sleep(Duration::from_mins(5)).await;
        assert_eq!(second.leading.count(), 0, "{minutes}");
        // It is gone without a word.
        first.task.abort();
        let took = until(|| second.leading.count() == 1).await;
        assert!(took >= Duration::from_secs(12), "{minutes}: {took:?}");
        assert!(took <= Duration::from_secs(18), "{minutes}: {took:?}");
        assert_eq!(all.most.load(Ordering::SeqCst), 1);
        let lease = api.get(LEASE).unwrap();
        assert_eq!(lease["spec"]["holderIdentity"], "second");
        assert_eq!(lease["spec"]["leaseTransitions"], 2);
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_given_back_at_the_end() {
    let (api, all) = (FakeApi::default(), Leading::default());
    let first = replica(&api, "first", 0, &all);
    until(|| first.leading.count() == 1).await;
    let second = replica(&api, "second", 5, &all);
    sleep(Duration::from_secs(30)).await;
    first.phase.send_replace(Phase::Leaving);
    let took = until(|| second.leading.count() == 1).await;
    assert!(took <= Duration::from_secs(3), "{took:?}");
    first.task.await.unwrap();
    assert_eq!(all.most.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn who_cannot_renew_steps_down_before_another_may_lead() {
    let (api, all) = (FakeApi::default(), Leading::default());
    let first = replica(&api, "first", 0, &all);
    until(|| first.leading.count() == 1).await;
    sleep(Duration::from_mins(1)).await;
    api.set_away(true);
    let took = until(|| first.leading.count() == 0).await;
    assert!(took < Terms::default().lease, "{took:?}");
    sleep(Duration::from_mins(1)).await;
    api.set_away(false);
    until(|| first.leading.count() == 1).await;
}

#[tokio::test(start_paused = true)]
async fn of_many_that_begin_at_once_one_leads() {
    let (api, all) = (FakeApi::default(), Leading::default());
    let names: Vec<String> = (0..8).map(|number| format!("replica-{number}")).collect();
    let replicas: Vec<Replica> = names
        .iter()
        .map(|name| replica(&api, name, 0, &all))
        .collect();
    until(|| all.count() == 1).await;
    for replica in &replicas {
        sleep(Duration::from_secs(20)).await;
        assert_eq!(all.count(), 1);
        replica.phase.send_replace(Phase::Leaving);
    }
    assert_eq!(all.most.load(Ordering::SeqCst), 1);
}
