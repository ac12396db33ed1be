//! How long to wait before asking again. Waits are drawn anew each time and between nothing and
//! their bound, so that many who were cut off together do not come back together.

use std::time::Duration;

/// The first bound.
const SHORTEST: Duration = Duration::from_secs(1);
/// The last one.
const LONGEST: Duration = Duration::from_secs(30);

/// A wait of any length up to this one.
pub(super) fn up_to(longest: Duration) -> Duration {
    longest.mul_f64(fastrand::f64())
}

/// A wait of any length between these two.
pub(super) fn between(shortest: Duration, longest: Duration) -> Duration {
    shortest + up_to(longest.saturating_sub(shortest))
}

/// The wait after this many failures in a row.
pub(super) fn after(failures: u32) -> Duration {
    up_to(bound(failures))
}

fn bound(failures: u32) -> Duration {
    let factor = 2_u32.saturating_pow(failures);
    SHORTEST.saturating_mul(factor).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_bound() {
        let seconds = |failures| bound(failures).as_secs();
        assert_eq!(
            [0, 1, 4, 5, 40, u32::MAX].map(seconds),
            [1, 2, 16, 30, 30, 30]
        );
        assert!((0..1000).all(|_| after(2) <= Duration::from_secs(4)));
    }
}
