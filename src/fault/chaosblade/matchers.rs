//! Matchers: whom an experiment of ChaosBlade hits, how many, how hard and for how long.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Deed;
use crate::calendar::parse_duration;
use crate::fault::{
    Aim, Intensity, Lifetime, Listing, Mode, Namespaces, NodeQuery, NodeTarget, PodQuery,
    Selection, Sets, Target, Unreadable,
};
use crate::object::Field;
use crate::selector::{LabelSelector, Operator, Requirement};

/// Where pods are looked for when no namespace is named.
const DEFAULT_NAMESPACE: &str = "default";

const WHOM: &str = "at least one of the matchers names, labels, evict-count, evict-percent";

/// The matchers of an experiment by name, each with its values joined by commas, as the tool does.
pub(super) struct Matchers {
    field: String,
    all: BTreeMap<String, (String, String)>,
}

impl Matchers {
    /// Reads them, each once.
    pub(super) fn read(experiment: &Field<'_>) -> Result<Self, Unreadable> {
        let list = experiment.get("matchers");
        let mut all = BTreeMap::new();
        for matcher in list.items()? {
            let (name, value) = (matcher.get("name"), matcher.get("value"));
            let text = value.texts()?.unwrap_or_default().join(",");
            let known = all.insert(
                name.required_text()?.to_owned(),
                (text, value.path().to_owned()),
            );
            if known.is_some() {
                return Err(name.unreadable("each matcher once"));
            }
        }
        let field = list.path().to_owned();
        Ok(Self { field, all })
    }

    /// The text of a matcher; an empty one is absent.
    fn text(&self, name: &str) -> Option<&str> {
        let found = self.all.get(name).map(|(text, _)| text.as_str());
        found.filter(|text| !text.is_empty())
    }

    /// Where a matcher stands, or would.
    pub(super) fn path(&self, name: &str) -> String {
        let found = self.all.get(name);
        found.map_or_else(|| self.field.clone(), |(_, path)| path.clone())
    }

    fn unreadable(&self, name: &str, accepted: &str) -> Unreadable {
        let text = self.text(name);
        let found = text.map_or_else(|| format!("no matcher {name}"), |it| format!("\"{it}\""));
        Unreadable::new(self.path(name), found, accepted)
    }

    /// The parts of a matcher between commas.
    fn parts(&self, name: &str) -> Vec<String> {
        let parts = self.text(name).unwrap_or_default().split(',');
        let parts = parts.filter(|part| !part.is_empty());
        parts.map(str::to_owned).collect()
    }

    /// A whole number from 1; a literal 0 is an error of the tool.
    fn number(&self, name: &str, most: u32) -> Result<Option<u32>, Unreadable> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let number = text.parse::<u32>().ok();
        let number = number.filter(|number| (1..=most).contains(number));
        match number {
            Some(number) => Ok(Some(number)),
            None if most == u32::MAX => Err(self.unreadable(name, "a whole number from 1")),
            None => Err(self.unreadable(name, "a whole number from 1 to 100")),
        }
    }

    /// How strong a deed is, and whether it cuts off what it hits.
    pub(super) fn strength(&self, deed: &Deed) -> Result<(Intensity, bool), Unreadable> {
        let mut intensity = Intensity::default();
        let Some((name, absent, set)) = deed.strength else {
            return Ok((intensity, false));
        };
        let number = |name: &str| self.text(name).map(|text| text.parse::<u32>().ok());
        let unreadable = || self.unreadable(name, "a whole number");
        let strength = match number(name) {
            None => absent.ok_or_else(unreadable)?,
            Some(number) => number.ok_or_else(unreadable)?,
        };
        // What a delay varies by comes on top of it.
        let spread = number("offset").flatten().filter(|_| name == "time");
        let cut = set(&mut intensity, strength.saturating_add(spread.unwrap_or(0)));
        Ok((intensity, cut))
    }

    /// Seconds, or a duration; without one, until the object is deleted.
    pub(super) fn lifetime(&self) -> Result<Lifetime, Unreadable> {
        let Some(text) = self.text("timeout") else {
            return Ok(Lifetime::Forever);
        };
        let seconds = text.parse::<u64>().ok().map(Duration::from_secs);
        let written = || parse_duration(text).ok();
        let accepted = "a whole number of seconds, or a duration such as 10m";
        match seconds.or_else(written) {
            Some(Duration::ZERO) => Ok(Lifetime::Forever),
            Some(duration) => Ok(Lifetime::For(duration)),
            None => Err(self.unreadable("timeout", accepted)),
        }
    }

    /// How many: of all, of each group where there are groups.
    fn mode(&self) -> Result<(Mode, String), Unreadable> {
        let count = self.number("evict-count", u32::MAX)?;
        let percent = self.number("evict-percent", 100)?;
        let whom = ["names", "labels"].iter().any(|it| self.text(it).is_some());
        let most = count.map_or(u64::MAX, u64::from);
        match (count, percent) {
            (None, None) if !whom => Err(Unreadable::new(&*self.field, "no such matcher", WHOM)),
            (None, None) => Ok((Mode::All, self.field.clone())),
            (Some(_), None) => Ok((Mode::Fixed(most), self.path("evict-count"))),
            (_, Some(percent)) => Ok((Mode::Nearest { percent, most }, self.path("evict-percent"))),
        }
    }

    /// The labels, each key with all its values.
    fn labels(&self) -> Result<Vec<Requirement>, Unreadable> {
        let mut values = BTreeMap::<String, Vec<String>>::new();
        for part in self.parts("labels") {
            let Some((key, value)) = part.split_once('=') else {
                return Err(self.unreadable("labels", "key=value, several joined by commas"));
            };
            values
                .entry(key.to_owned())
                .or_default()
                .push(value.to_owned());
        }
        let requirement = |(key, values)| Requirement {
            key,
            operator: Operator::In,
            values,
        };
        Ok(values.into_iter().map(requirement).collect())
    }

    fn selector_path(&self) -> String {
        let named = if self.text("names").is_some() {
            "names"
        } else {
            "labels"
        };
        self.path(named)
    }

    /// The pods that are hit.
    pub(super) fn pods(&self) -> Result<Aim, Unreadable> {
        let (mode, amount) = self.mode()?;
        let target = Target {
            selection: Selection {
                queries: self.queries()?,
                list: Listing::WithRepeats,
            },
            mode,
            mode_field: amount.clone(),
            value_field: amount,
            selector_field: self.selector_path(),
        };
        let keys = self.parts("evict-group");
        if keys.is_empty() {
            return Ok(Aim::Pods(target));
        }
        Ok(Aim::Each {
            target,
            sets: Sets::Labels(keys),
            most: u32::MAX,
        })
    }

    /// Labels must all hold, but for pods that are named one of them is enough.
    fn queries(&self) -> Result<Vec<PodQuery>, Unreadable> {
        let namespaces = self.parts("namespace");
        let home = match namespaces.as_slice() {
            [] => DEFAULT_NAMESPACE.to_owned(),
            [only] => only.clone(),
            _ => return Err(self.unreadable("namespace", "exactly one namespace")),
        };
        let query = PodQuery {
            namespaces: Namespaces::Named(vec![home]),
            ..PodQuery::default()
        };
        let labels = self.labels()?;
        if self.text("names").is_none() {
            let labels = LabelSelector {
                requirements: labels,
            };
            return Ok(vec![PodQuery { labels, ..query }]);
        }
        let names = Some(self.parts("names"));
        if labels.is_empty() {
            return Ok(vec![PodQuery { names, ..query }]);
        }
        let one = |requirement: &Requirement| LabelSelector {
            requirements: vec![requirement.clone()],
        };
        // A pod that an earlier query answers is not listed again.
        let any = |(at, requirement)| PodQuery {
            names: names.clone(),
            labels: one(requirement),
            except: labels.iter().take(at).map(one).collect(),
            ..query.clone()
        };
        Ok(labels.iter().enumerate().map(any).collect())
    }

    /// Nodes that are named are hit whatever their labels; groups of nodes are not counted apart.
    pub(super) fn nodes(&self) -> Result<Aim, Unreadable> {
        let (mode, _) = self.mode()?;
        let names = self.parts("names");
        let requirements = self.labels()?;
        let labels = (names.is_empty() && !requirements.is_empty())
            .then_some(LabelSelector { requirements });
        let any = names.is_empty() && labels.is_none();
        let query = NodeQuery {
            names,
            labels,
            ..NodeQuery::default()
        };
        let grouped = self.text("evict-group").is_some();
        Ok(Aim::Nodes(NodeTarget {
            nodes: (!any).then_some(query),
            hosting: None,
            mode: if grouped { Mode::All } else { mode },
            field: self.selector_path(),
        }))
    }
}
