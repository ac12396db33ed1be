//! A container: what it runs, and what bounds it.

use super::program::Program;
use super::shell::{self, Command};
use crate::object::Field;

/// The text of a field, empty where there is none.
fn text<'a>(field: &Field<'a>) -> &'a str {
    field.text().ok().flatten().unwrap_or_default()
}

fn truth(field: &Field<'_>) -> bool {
    field.boolean().ok().flatten() == Some(true)
}

/// The name of its image, without registry, tag and digest.
pub(super) fn image<'a>(container: &Field<'a>) -> &'a str {
    let image = text(&container.get("image"));
    let untagged = image.split('@').next().unwrap_or_default();
    let name = untagged.rsplit('/').next().unwrap_or_default();
    name.split(':').next().unwrap_or_default()
}

/// The words it runs, as they are given to the system; those of its image where it names no command.
pub(super) fn words(container: &Field<'_>) -> Vec<String> {
    let list = |name: &str| container.get(name).texts().ok().flatten();
    let mut words = list("command").unwrap_or_default();
    words.extend(list("args").unwrap_or_default());
    words
}

/// The commands it runs; `None` where its text does not tell.
pub(super) fn commands(container: &Field<'_>) -> Option<Vec<Command>> {
    let command = container.get("command").texts().ok().flatten();
    command.filter(|command| !command.is_empty())?;
    shell::commands(words(container))
}

/// Whether one of the words of its text is one of these, a path in front or not.
pub(super) fn mentions(container: &Field<'_>, names: &[&str]) -> bool {
    let inside = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let words = words(container);
    let mut parts = words
        .iter()
        .flat_map(|word| word.split(|c| !inside(c)))
        .map(|part| part.rsplit('/').next().unwrap_or_default());
    parts.any(|part| names.contains(&part))
}

/// Whether it may do on its node what it likes.
pub(super) fn is_privileged(container: &Field<'_>) -> bool {
    truth(&container.get("securityContext").get("privileged"))
}

impl Program<'_> {
    /// Whether it sees the processes of its node.
    pub(super) fn sees_node(&self) -> bool {
        truth(&self.pod.get("hostPID"))
    }

    /// Whether it uses the network of its node.
    pub(super) fn is_on_node_network(&self) -> bool {
        truth(&self.pod.get("hostNetwork"))
    }

    /// Whether a limit keeps what it takes of this resource to itself.
    pub(super) fn is_bounded(&self, container: &Field<'_>, resource: &str) -> bool {
        let limits = container.get("resources").get("limits");
        limits.get(resource).is_set() && !is_privileged(container) && !self.sees_node()
    }
}
