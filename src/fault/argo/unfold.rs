//! A workflow unfolded: each template as each caller calls it, wherever it stands, and how often it
//! may run.
//!
//! A template that nothing calls is unfolded as well: what is found in it is told early, and no form
//! of a call that is not known here hides it. Steps that follow each other are taken together, for
//! the chaos of one may outlast it.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use serde_json::Value;

use super::calls::{self, Call, Callee, Reference};
use super::library::{Library, Shelf};
use super::piece::{Open, Piece, Place, named};
use super::runs::{self, Edge};
use super::scope::{Room, Scope, UNTOLD, Values};
use crate::fault::{Overlap, Surroundings};
use crate::object::{Field, Object};

/// The most pieces that a workflow unfolds to.
const MOST_PIECES: usize = 2_000;

/// The most text in all of them together.
const MOST_TEXT: usize = 8 << 20;

const ONCE: Overlap = Overlap::AtMost(1);

/// Something that is called and cannot be seen.
pub(super) struct Missing {
    pub(super) path: String,
    pub(super) what: String,
}

/// A workflow unfolded.
pub(super) struct Unfolded {
    pub(super) pieces: Vec<Piece>,
    pub(super) missing: Vec<Missing>,
    /// How many of the pieces, the first, are specs without their templates.
    pub(super) specs: usize,
    /// The objects that have been looked into: whether of the whole cluster, and the name.
    pub(super) uses: Vec<(bool, String)>,
    /// Whether there is more than is looked through.
    pub(super) too_large: bool,
}

/// Unfolds a workflow, whose spec this is.
pub(super) fn unfold(workflow: &Object, spec: &Field<'_>, surroundings: &Surroundings) -> Unfolded {
    let mut unfolding = Unfolding {
        shelf: Shelf::new(surroundings, workflow),
        globals: Scope::default(),
        pieces: Vec::new(),
        known: BTreeMap::new(),
        edges: Vec::new(),
        pending: VecDeque::new(),
        room: Room(MOST_TEXT),
        missing: Vec::new(),
        too_large: false,
        has_base: false,
    };
    let namespace = &workflow.reference().namespace;
    let written = spec.value().unwrap_or(&Value::Null);
    unfolding.begin(written, spec.path(), namespace);
    unfolding.finish()
}

/// A template as it is called: where it stands, and what is known there.
type Key = (usize, String, Values);

struct Unfolding<'a> {
    shelf: Shelf<'a>,
    globals: Scope,
    pieces: Vec<Open>,
    known: BTreeMap<Key, usize>,
    edges: Vec<Edge>,
    pending: VecDeque<usize>,
    room: Room,
    missing: Vec<Missing>,
    too_large: bool,
    /// Whether the second piece is the rest of the workflow that this one is made from.
    has_base: bool,
}

impl Unfolding<'_> {
    fn begin(&mut self, spec: &Value, path: &str, namespace: &str) {
        let own = self.shelf.add(Library::new(None, spec, path));
        let at = format!("{path}.workflowTemplateRef");
        let base = spec.get("workflowTemplateRef").and_then(Reference::read);
        let base = base.and_then(|reference| self.find(&reference, at.clone()));
        let rest = |library: Option<usize>| {
            let library = library.and_then(|library| self.shelf.library(library));
            library.map_or(Value::Null, |library| library.rest.clone())
        };
        let specs = [rest(Some(own)), rest(base)];
        let lists = [0, 1].map(|at: usize| specs[at].get("arguments").unwrap_or(&Value::Null));
        self.globals = Scope::of_workflow(namespace, lists, &mut self.room);
        let given = self.globals.fill_all(&merged(lists), &mut self.room);
        let mut places = vec![Place {
            library: own,
            chain: String::new(),
            path: path.to_owned(),
        }];
        places.extend(base.map(|library| {
            Place {
                library,
                chain: format!("{at}: "),
                path: self
                    .shelf
                    .library(library)
                    .map_or_else(String::new, |it| it.path.clone()),
            }
        }));
        self.has_base = base.is_some();
        for (place, spec) in places.iter().zip(&specs) {
            self.rest(place.clone(), spec);
        }
        let entry = |it: &Value| Some(it.get("entrypoint")?.as_str()?.to_owned());
        if let Some(entry) = specs.iter().find_map(entry) {
            self.start(&entry, &given);
        }
        self.work();
        self.leftover(&places[0]);
    }

    /// Everything of a spec but its templates. The first is where all begins.
    fn rest(&mut self, place: Place, spec: &Value) {
        let globals = self.globals.clone();
        let content = globals.fill_all(spec, &mut self.room);
        let calls = calls::of_spec(spec, &place.path, &globals, &mut self.room);
        let at = self.push(Open {
            place,
            site: String::new(),
            written: None,
            scope: globals,
            content,
        });
        if at > 0 {
            self.edges.push((0, at, ONCE));
        }
        self.follow(at, &calls);
    }

    /// Starts the workflow. One without its entrypoint is refused by its controller.
    fn start(&mut self, entry: &str, given: &Value) {
        let call = Call::of_workflow(given.clone());
        for at in self.same_workflow(0) {
            let place = self.pieces[at].place.clone();
            let library = self.shelf.library(place.library);
            if let Some(index) = library.and_then(|library| library.named(entry)) {
                return self.enter(0, &call, (place, index));
            }
        }
    }

    /// The pieces whose templates a call from this piece may name: a workflow and the one it is
    /// made from count as one.
    fn same_workflow(&self, from: usize) -> Vec<usize> {
        let both = usize::from(self.has_base);
        if from == 0 {
            (0..=both).collect()
        } else {
            vec![from]
        }
    }

    /// The templates that nothing calls.
    fn leftover(&mut self, own: &Place) {
        let library = self.shelf.library(own.library);
        for index in 0..library.map_or(0, |library| library.templates.len()) {
            if self.pieces.len() >= MOST_PIECES || self.room.0 == 0 {
                self.too_large = true;
                return;
            }
            let path = format!("{}.templates[{index}]", own.path);
            let is_here = |it: &Open| it.place.library == own.library && it.place.path == path;
            if !self.pieces.iter().any(is_here) {
                let call = Call::of_workflow(Value::Null);
                self.enter(0, &call, (own.clone(), index));
                self.work();
            }
        }
    }

    /// Follows every call of every piece that has been reached.
    fn work(&mut self) {
        while let Some(at) = self.pending.pop_front() {
            let Some(open) = self.pieces.get(at) else {
                return;
            };
            let Some(written) = open.written.clone() else {
                continue;
            };
            let (scope, path) = (open.scope.clone(), open.place.path.clone());
            let calls = calls::of_template(&written, &path, &scope, &mut self.room);
            self.follow(at, &calls);
        }
    }

    fn follow(&mut self, from: usize, calls: &[Call]) {
        for call in calls {
            if self.pieces.len() >= MOST_PIECES || self.room.0 == 0 {
                self.too_large = true;
                return;
            }
            self.hand_on(from, call);
            match &call.callee {
                Callee::Near(name) => self.near(from, call, name),
                Callee::Far(reference) => self.far(from, call, reference),
                Callee::Inline(template, scope) => self.inline(from, call, (template, scope)),
            }
        }
    }

    /// What a call hands on is a piece of its own: a manifest may lie in it.
    fn hand_on(&mut self, from: usize, call: &Call) {
        let place = self.pieces[from].place.clone();
        if call.arguments.is_null() {
            return;
        }
        let at = self.push(Open {
            place: Place {
                path: format!("{}.arguments", call.site),
                ..place
            },
            site: self.pieces[from].site.clone(),
            written: None,
            scope: Scope::default(),
            content: call.arguments.clone(),
        });
        self.edges.push((from, at, call.copies));
    }

    /// A template of the same spec; any of them where only the run knows which.
    fn near(&mut self, from: usize, call: &Call, name: &str) {
        let untold = name.contains(UNTOLD);
        let mut found = Vec::new();
        for at in self.same_workflow(from) {
            let place = &self.pieces[at].place;
            let Some(library) = self.shelf.library(place.library) else {
                continue;
            };
            let named = (0..library.templates.len())
                .filter(|index| untold || library.named(name) == Some(*index));
            found.extend(named.map(|index| (place.clone(), index)));
        }
        if found.is_empty() {
            let path = format!("{}{}", self.pieces[from].place.chain, call.site);
            let what = format!("there is no template \"{name}\", so what it does cannot be told");
            self.missing.push(Missing { path, what });
        }
        for at in found {
            self.enter(from, call, at);
        }
    }

    /// A template of another object.
    fn far(&mut self, from: usize, call: &Call, reference: &Reference) {
        let at = format!("{}{}.templateRef", self.pieces[from].place.chain, call.site);
        let Some(library) = self.find(reference, at.clone()) else {
            return;
        };
        let found = self.shelf.library(library);
        match found.and_then(|found| found.named(&reference.template)) {
            Some(index) => {
                let place = Place {
                    library,
                    chain: format!("{at}: "),
                    path: String::new(),
                };
                self.enter(from, call, (place, index));
            }
            None => self.missing.push(Missing {
                path: at,
                what: format!(
                    "{reference} has no template \"{}\", so what it does cannot be told",
                    reference.template
                ),
            }),
        }
    }

    fn find(&mut self, reference: &Reference, path: String) -> Option<usize> {
        match self.shelf.find(reference) {
            Ok(library) => Some(library),
            Err(what) => {
                self.missing.push(Missing { path, what });
                None
            }
        }
    }

    fn inline(&mut self, from: usize, call: &Call, (template, outer): (&Value, &Scope)) {
        let inner = self
            .globals
            .inside(template, &call.arguments, &mut self.room);
        let place = Place {
            path: format!("{}.inline", call.site),
            ..self.pieces[from].place.clone()
        };
        let site = self.pieces[from].site.clone();
        self.reach(
            from,
            call.copies,
            Open {
                place,
                site,
                written: Some(Rc::new(template.clone())),
                scope: outer.inline(inner),
                content: Value::Null,
            },
        );
    }

    /// Reaches the template of this number from a piece.
    fn enter(&mut self, from: usize, call: &Call, (place, index): (Place, usize)) {
        let Some(library) = self.shelf.library(place.library) else {
            return;
        };
        let Some(template) = library.templates.get(index).cloned() else {
            return;
        };
        let path = format!("{}.templates[{index}]", library.path);
        let near = place.library == self.pieces[from].place.library;
        let site = if near {
            call.site.clone()
        } else {
            String::new()
        };
        let scope = self
            .globals
            .inside(&template, &call.arguments, &mut self.room);
        self.reach(
            from,
            call.copies,
            Open {
                place: Place { path, ..place },
                site,
                written: Some(template),
                scope,
                content: Value::Null,
            },
        );
    }

    /// Reaches a template from a piece: anew, or once more.
    fn reach(&mut self, from: usize, copies: Overlap, open: Open) {
        let key = (
            open.place.library,
            open.place.path.clone(),
            open.scope.own.clone(),
        );
        let known = self.known.get(&key).copied();
        let at = known.unwrap_or_else(|| {
            let written = open.written.as_deref().unwrap_or(&Value::Null);
            let own = without(written, &["steps", "dag"]);
            let content = open.scope.fill_all(&own, &mut self.room);
            let at = self.push(Open { content, ..open });
            self.known.insert(key, at);
            self.pending.push_back(at);
            at
        });
        self.edges.push((from, at, copies));
    }

    fn push(&mut self, open: Open) -> usize {
        self.pieces.push(open);
        self.pieces.len().saturating_sub(1)
    }

    /// Names each piece and counts its runs.
    fn finish(self) -> Unfolded {
        let retries = self.pieces.iter().map(|open| runs::attempts(&open.content));
        let runs = runs::count(&retries.collect::<Vec<_>>(), &self.edges);
        Unfolded {
            pieces: named(self.pieces, runs),
            uses: self.shelf.uses(),
            missing: self.missing,
            specs: usize::from(self.has_base).saturating_add(1),
            too_large: self.too_large || self.room.0 == 0,
        }
    }
}

/// The two lists of arguments as one: what a workflow says itself comes first.
fn merged(lists: [&Value; 2]) -> Value {
    let list = |key: &str| {
        let items = lists.into_iter().filter_map(|it| it.get(key)?.as_array());
        Value::Array(items.flatten().cloned().collect())
    };
    serde_json::json!({"parameters": list("parameters"), "artifacts": list("artifacts")})
}

/// A map without some of its members.
pub(super) fn without(value: &Value, keys: &[&str]) -> Value {
    let members = value.as_object().into_iter().flatten();
    let kept = members.filter(|(key, _)| !keys.contains(&key.as_str()));
    Value::Object(kept.map(|(key, it)| (key.clone(), it.clone())).collect())
}
