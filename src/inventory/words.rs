//! Texts, labels and other parts that many objects have in common, each kept once.
//!
//! Ten thousand pods say the same few things: what their template says, where they are, whose they
//! are. What two objects have in common is one allocation that both point to.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::hash::Hash;
use std::ops::Deref;
use std::sync::Arc;

use arcstr::ArcStr;

use super::Owner;
use super::template::Template;
use crate::selector::Labelled;

/// A text that others may share.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Text(ArcStr);

impl Text {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.0 == *other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.0 == **other
    }
}

impl PartialEq<String> for Text {
    fn eq(&self, other: &String) -> bool {
        *self.0 == **other
    }
}

impl PartialEq<Text> for String {
    fn eq(&self, other: &Text) -> bool {
        **self == *other.0
    }
}

/// Labels or annotations, by key.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Labels(Arc<[(Text, Text)]>);

impl Labels {
    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        let at = self.0.binary_search_by(|(own, _)| own.as_str().cmp(key));
        at.ok().and_then(|at| Some(self.0.get(at)?.1.as_str()))
    }

    /// Whether there is such a key.
    #[must_use]
    pub fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Keys and values, by key.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Keys and values as they are shared.
    pub(super) fn shared(&self) -> &[(Text, Text)] {
        &self.0
    }

    /// These, with this value for a key.
    pub(super) fn with(&self, key: &str, value: &str) -> Self {
        let others = self.0.iter().filter(|(own, _)| own != key).cloned();
        let mut all: Vec<(Text, Text)> = others.collect();
        let at = all.partition_point(|(own, _)| own.as_str() < key);
        all.insert(at, (key.into(), value.into()));
        Self(all.into())
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl Labelled for Labels {
    fn value_of(&self, key: &str) -> Option<&str> {
        self.get(key)
    }
}

/// What is kept once. What nothing else points to any more is forgotten from time to time.
#[derive(Debug, Clone, Default)]
pub(super) struct Words {
    texts: HashSet<Text>,
    labels: HashSet<Labels>,
    owners: HashSet<Arc<Owner>>,
    templates: HashSet<Arc<Template>>,
    /// How many texts there may be before the next look at which are still wanted.
    due: usize,
}

/// Fewer texts than this are never looked through.
const FEW: usize = 4096;

impl Words {
    pub(super) fn text(&mut self, text: &str) -> Text {
        if text.is_empty() {
            return Text::default();
        }
        if let Some(known) = self.texts.get(text) {
            return known.clone();
        }
        let new = Text::from(text);
        self.texts.insert(new.clone());
        new
    }

    pub(super) fn labels(&mut self, labels: &BTreeMap<&str, &str>) -> Labels {
        let labels = labels.iter();
        let labels = labels.map(|(key, value)| (self.text(key), self.text(value)));
        let labels = Labels(labels.collect());
        once(&mut self.labels, labels)
    }

    pub(super) fn owner(&mut self, owner: Owner) -> Arc<Owner> {
        once(&mut self.owners, Arc::new(owner))
    }

    pub(super) fn template(&mut self, template: Template) -> Arc<Template> {
        once(&mut self.templates, Arc::new(template))
    }

    /// Shares from now on what others shared among themselves.
    pub(super) fn absorb(&mut self, others: Self) {
        self.texts.extend(others.texts);
        self.labels.extend(others.labels);
        self.owners.extend(others.owners);
        self.templates.extend(others.templates);
    }

    /// Forgets what nobody else has any more, when that may be half of it.
    pub(super) fn tidy(&mut self) {
        if self.texts.len() <= self.due.max(FEW) {
            return;
        }
        self.templates.retain(|it| Arc::strong_count(it) > 1);
        self.owners.retain(|it| Arc::strong_count(it) > 1);
        self.labels.retain(|it| Arc::strong_count(&it.0) > 1);
        self.texts
            .retain(|it| ArcStr::strong_count(&it.0) > Some(1));
        self.due = self.texts.len().saturating_mul(2);
    }
}

fn once<T: Clone + Eq + Hash>(known: &mut HashSet<T>, new: T) -> T {
    if let Some(known) = known.get(&new) {
        return known.clone();
    }
    known.insert(new.clone());
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_have_in_common_is_kept_once() {
        let mut words = Words::default();
        let one = words.labels(&BTreeMap::from([("app", "pg"), ("tier", "db")]));
        let other = words.labels(&BTreeMap::from([("app", "pg"), ("tier", "db")]));
        assert!(Arc::ptr_eq(&one.0, &other.0));
        assert_eq!((one.get("app"), one.get("none")), (Some("pg"), None));
        let more = one.with("app", "web").with("zone", "a");
        assert_eq!(
            format!("{more:?}"),
            r#"{"app": "web", "tier": "db", "zone": "a"}"#
        );
        assert_eq!(one.get("app"), Some("pg"));
    }

    #[test]
    fn what_nobody_has_any_more_is_forgotten() {
        let mut words = Words::default();
        let kept = words.text("kept");
        for index in 0..=FEW {
            words.text(&format!("gone-{index}"));
        }
        words.tidy();
        assert_eq!(words.texts, HashSet::from([kept]));
    }
}
