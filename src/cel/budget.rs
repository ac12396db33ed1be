//! What an evaluation may cost, counted in steps, so that the same expression over the same object always costs the same.

use std::borrow::Cow;

use super::value::Value;

/// What is left of the steps that an evaluation may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    left: u64,
}

/// Why an expression has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The expression errs on this object. A sentence for people.
    #[error("{0}")]
    Wrong(Cow<'static, str>),
    /// A function does not take values of these types.
    #[error("it takes no values of these types")]
    Unfit,
    /// It costs more than it may. No operator hides this failure.
    #[error("it costs more than it may")]
    Exhausted,
}

/// A value, or why there is none.
pub type Answer<'a> = Result<Value<'a>, Failure>;

/// The failure of an expression that errs.
pub(super) fn wrong(why: impl Into<Cow<'static, str>>) -> Failure {
    Failure::Wrong(why.into())
}

impl Budget {
    /// A budget of so many steps.
    #[must_use]
    pub fn new(steps: u64) -> Self {
        Self { left: steps }
    }

    /// How many steps are left.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.left
    }

    /// Takes steps away.
    ///
    /// # Errors
    /// `Exhausted` when fewer are left; then none is left.
    pub fn charge(&mut self, steps: usize) -> Result<(), Failure> {
        let steps = u64::try_from(steps).unwrap_or(u64::MAX);
        let rest = self.left.checked_sub(steps);
        self.left = rest.unwrap_or(0);
        rest.map(|_| ()).ok_or(Failure::Exhausted)
    }

    /// Pays for walking over or making a text or bytes of this length: a step for ten.
    ///
    /// # Errors
    /// As [`Budget::charge`].
    pub fn charge_text(&mut self, length: usize) -> Result<(), Failure> {
        self.charge(length.div_ceil(10))
    }
}
