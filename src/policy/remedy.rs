//! What to change so that a limit is kept: the field, and what it would accept.

use super::context::LimitContext;
use crate::fault::{Aim, Fault, Mode, Overlap, Target, Tool};

/// A field of the chaos object and what would be accepted there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Remedy {
    pub(super) field: String,
    pub(super) phrase: String,
}

/// The fault to change: of those given, the one that hits most.
#[derive(Clone, Copy)]
pub(super) struct Culprit<'a> {
    index: usize,
    pub(super) fault: &'a Fault,
    alone: bool,
}

impl<'a> Culprit<'a> {
    pub(super) fn of(context: &LimitContext<'a>, faults: &[usize]) -> Option<Self> {
        let all = faults.iter().filter_map(|index| {
            let fault = context.case.experiment.faults.get(*index)?;
            Some((*index, fault, context.reach(*index)?.hits))
        });
        let (index, fault, _) =
            all.reduce(|most, next| if next.2 > most.2 { next } else { most })?;
        Some(Self {
            index,
            fault,
            alone: faults.len() == 1,
        })
    }

    /// The field that says which pods are selected.
    pub(super) fn selector_field(&self) -> String {
        let field = match &self.fault.aim {
            Aim::Pods(target) | Aim::Each { target, .. } | Aim::Cut { from: target, .. } => {
                &target.selector_field
            }
            Aim::Nodes(nodes) => &nodes.field,
            Aim::Isolation(_) | Aim::Unknown(_) => &self.fault.field,
        };
        or(field, &self.fault.field)
    }

    /// How to hit at most `permitted` of `size`.
    pub(super) fn fewer(&self, context: &LimitContext<'_>, permitted: u32, size: u32) -> Remedy {
        let pods = format!("{permitted} of {size} or fewer would be allowed");
        match &self.fault.aim {
            _ if permitted == 0 => Remedy {
                field: self.selector_field(),
                phrase: "a selection without any of them would be allowed".to_owned(),
            },
            Aim::Pods(target) if self.alone => self.draw(context, target, (permitted, size)),
            Aim::Pods(target) | Aim::Each { target, .. } | Aim::Cut { from: target, .. } => {
                Remedy {
                    field: amount_field(target, &self.fault.field),
                    phrase: pods,
                }
            }
            Aim::Nodes(_) | Aim::Isolation(_) | Aim::Unknown(_) => Remedy {
                field: self.selector_field(),
                phrase: pods,
            },
        }
    }

    /// How a single draw stays within `permitted`, in the words of its mode.
    fn draw(
        &self,
        context: &LimitContext<'_>,
        target: &Target,
        (permitted, size): (u32, u32),
    ) -> Remedy {
        let Some(draws) = self.each_draw(permitted) else {
            return Remedy {
                field: self.fault.duration_field.clone(),
                phrase: format!(
                    "{permitted} of {size} or fewer at once would be allowed, but it draws again \
                     before its earlier victims are back"
                ),
            };
        };
        let listed = context.listed(self.index, target);
        let tool = context.case.experiment.tool;
        Remedy {
            field: amount_field(target, &self.fault.field),
            phrase: bound(target.mode, draws, listed, tool)
                .unwrap_or_else(|| format!("{draws} of {size} or fewer would be allowed")),
        }
    }

    /// How many each draw may take where several are in effect together.
    fn each_draw(&self, permitted: u32) -> Option<u32> {
        match self.fault.overlap {
            Overlap::AtMost(draws) => permitted.checked_div(draws.max(1)).filter(|each| *each > 0),
            Overlap::Unbounded => None,
        }
    }
}

/// The largest value of the mode with which at most `draws` of a list of `listed` are drawn.
fn bound(mode: Mode, draws: u32, listed: usize, tool: Tool) -> Option<String> {
    match mode {
        Mode::One | Mode::All => (tool == Tool::ChaosMesh)
            .then(|| format!("mode fixed with value \"{draws}\" or less would be allowed")),
        Mode::Fixed(_)
        | Mode::Percent(_)
        | Mode::UpToPercent(_)
        | Mode::AtLeastOne(_)
        | Mode::Nearest { .. } => mode
            .at_most(draws.into(), listed)
            .map(|number| format!("{number} or less would be allowed")),
    }
}

/// The field that says how many are drawn.
fn amount_field(target: &Target, whole: &str) -> String {
    let field = match target.mode {
        Mode::One | Mode::All => &target.mode_field,
        Mode::Fixed(_)
        | Mode::Percent(_)
        | Mode::UpToPercent(_)
        | Mode::AtLeastOne(_)
        | Mode::Nearest { .. } => &target.value_field,
    };
    or(field, whole)
}

fn or(field: &str, otherwise: &str) -> String {
    if field.is_empty() { otherwise } else { field }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_is_the_largest_value_that_draws_no_more() {
        for listed in 1..40_usize {
            for draws in 1..=u32::try_from(listed).unwrap() {
                let nearest = |percent| Mode::Nearest {
                    percent,
                    most: u64::MAX,
                };
                for mode in [Mode::Percent, Mode::UpToPercent, Mode::AtLeastOne, nearest] {
                    let phrase = bound(mode(1), draws, listed, Tool::ChaosMesh).unwrap();
                    let value: u32 = phrase.split(' ').next().unwrap().parse().unwrap();
                    let most = |value| mode(value).most_draws(listed);
                    assert!(most(value) <= draws as usize, "{value} of {listed}");
                    assert!(
                        value == 100 || most(value + 1) > draws as usize,
                        "{value} of {listed}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_percentage_below_one_is_not_proposed() {
        assert_eq!(bound(Mode::Percent(5), 1, 101, Tool::ChaosMesh), None);
    }

    #[test]
    fn mode_all_becomes_a_fixed_number_where_the_tool_has_one() {
        let fixed = "mode fixed with value \"2\" or less would be allowed";
        assert_eq!(
            bound(Mode::All, 2, 3, Tool::ChaosMesh).as_deref(),
            Some(fixed)
        );
        assert_eq!(bound(Mode::All, 2, 3, Tool::Litmus), None);
    }
}
