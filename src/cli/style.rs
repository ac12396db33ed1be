//! Colour, for people. The stream that is written to strips it where there is no terminal, or
//! where `NO_COLOR` is set.

use anstyle::{AnsiColor, Style};

use crate::judge::Decision;

/// Colours by meaning.
pub struct Paint;

impl Paint {
    /// A line in the colour of its decision.
    #[must_use]
    pub fn decision(decision: Decision, text: &str) -> String {
        let colour = match decision {
            Decision::Allow => AnsiColor::Green,
            Decision::Warn => AnsiColor::Yellow,
            Decision::Deny => AnsiColor::Red,
        };
        paint(colour, text)
    }

    /// A warning.
    #[must_use]
    pub fn warning(text: &str) -> String {
        paint(AnsiColor::Yellow, text)
    }

    /// Something that could not be read.
    #[must_use]
    pub fn failure(text: &str) -> String {
        paint(AnsiColor::Red, text)
    }
}

fn paint(colour: AnsiColor, text: &str) -> String {
    let style = Style::new().fg_color(Some(colour.into())).bold();
    format!("{style}{text}{style:#}")
}
