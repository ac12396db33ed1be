//! Which types go together: what the letters of a signature stand for in one call.

use super::types::Type;

/// What is known of the types that an expression leaves open.
#[derive(Debug, Clone, Default)]
pub(super) struct Unifier {
    bound: Vec<Option<Type>>,
}

/// How deep types are compared; a type nested deeper is taken for `dyn`.
const DEEP: usize = 32;

impl Unifier {
    /// A type that is not known yet.
    pub(super) fn fresh(&mut self) -> Type {
        self.bound.push(None);
        Type::Param(u32::try_from(self.bound.len() - 1).unwrap_or(u32::MAX))
    }

    /// The same type with letters of its own.
    pub(super) fn instance(&mut self, kind: &Type, letters: &mut Vec<(u32, Type)>) -> Type {
        match kind {
            Type::Param(letter) => {
                let known = letters.iter().find(|(own, _)| own == letter);
                if let Some((_, kind)) = known {
                    return kind.clone();
                }
                let fresh = self.fresh();
                letters.push((*letter, fresh.clone()));
                fresh
            }
            Type::List(item) => Type::List(Box::new(self.instance(item, letters))),
            Type::Optional(item) => Type::Optional(Box::new(self.instance(item, letters))),
            Type::Type(of) => Type::Type(Box::new(self.instance(of, letters))),
            Type::Map(key, value) => Type::Map(
                Box::new(self.instance(key, letters)),
                Box::new(self.instance(value, letters)),
            ),
            plain => plain.clone(),
        }
    }

    /// The type with everything put in that is known; what is left open is `dyn`.
    pub(super) fn settle(&self, kind: &Type) -> Type {
        self.replace(kind, DEEP, &|_| Type::Dyn)
    }

    /// The type with everything put in that is known.
    pub(super) fn known(&self, kind: &Type) -> Type {
        self.replace(kind, DEEP, &Type::Param)
    }

    fn replace(&self, kind: &Type, depth: usize, open: &dyn Fn(u32) -> Type) -> Type {
        let Some(depth) = depth.checked_sub(1) else {
            return Type::Dyn;
        };
        let inner = |kind: &Type| Box::new(self.replace(kind, depth, open));
        match kind {
            Type::Param(letter) => match self.binding(*letter) {
                Some(kind) => self.replace(kind, depth, open),
                None => open(*letter),
            },
            Type::List(item) => Type::List(inner(item)),
            Type::Optional(item) => Type::Optional(inner(item)),
            Type::Type(of) => Type::Type(inner(of)),
            Type::Map(key, value) => Type::Map(inner(key), inner(value)),
            plain => plain.clone(),
        }
    }

    fn binding(&self, letter: u32) -> Option<&Type> {
        let index = usize::try_from(letter).ok()?;
        self.bound.get(index)?.as_ref()
    }

    fn bind(&mut self, letter: u32, kind: Type) {
        let index = usize::try_from(letter).ok();
        if let Some(place) = index.and_then(|index| self.bound.get_mut(index)) {
            *place = Some(kind);
        }
    }

    /// Whether values of these types can be given where those are taken. What it learns is kept only
    /// when they can.
    pub(super) fn accepts(&mut self, given: &[Type], taken: &[Type]) -> bool {
        let mut trial = self.clone();
        let fits = given.len() == taken.len()
            && given
                .iter()
                .zip(taken)
                .all(|(given, taken)| trial.fits(given, taken, DEEP));
        if fits {
            *self = trial;
        }
        fits
    }

    /// The same of one value.
    pub(super) fn accept(&mut self, given: &Type, taken: &Type) -> bool {
        self.accepts(std::slice::from_ref(given), std::slice::from_ref(taken))
    }

    fn fits(&mut self, given: &Type, taken: &Type, depth: usize) -> bool {
        let Some(depth) = depth.checked_sub(1) else {
            return true;
        };
        if let Type::Param(letter) = taken {
            match self.substitute(given, *letter, depth) {
                (true, _) => return true,
                (false, true) => return false,
                (false, false) => {}
            }
        }
        if let Type::Param(letter) = given {
            return self.substitute(taken, *letter, depth).0;
        }
        match (given, taken) {
            (Type::Dyn, _) | (_, Type::Dyn) | (Type::Type(_), Type::Type(_)) => true,
            (Type::Null, other) | (other, Type::Null) => can_be_null(other),
            (Type::List(a), Type::List(b)) | (Type::Optional(a), Type::Optional(b)) => {
                self.fits(a, b, depth)
            }
            (Type::Map(key, value), Type::Map(keys, values)) => {
                self.fits(key, keys, depth) && self.fits(value, values, depth)
            }
            (a, b) => a == b,
        }
    }

    /// Whether a letter can stand for a type, and whether it stands for one already.
    fn substitute(&mut self, kind: &Type, letter: u32, depth: usize) -> (bool, bool) {
        if *kind == Type::Param(letter) {
            return (true, true);
        }
        let Some(bound) = self.binding(letter).cloned() else {
            let free = !self.mentions(kind, letter, depth);
            if free {
                self.bind(letter, kind.clone());
            }
            return (free, false);
        };
        if !self.fits(kind, &bound, depth) {
            return (false, true);
        }
        let general = more_general(kind, &bound).clone();
        if !self.mentions(&general, letter, depth) {
            self.bind(letter, general);
        }
        (true, true)
    }

    /// Whether a type has this letter in it.
    fn mentions(&self, kind: &Type, letter: u32, depth: usize) -> bool {
        let Some(depth) = depth.checked_sub(1) else {
            return true;
        };
        match kind {
            Type::Param(own) => {
                *own == letter
                    || self
                        .binding(*own)
                        .is_some_and(|bound| self.mentions(bound, letter, depth))
            }
            Type::List(item) | Type::Optional(item) | Type::Type(item) => {
                self.mentions(item, letter, depth)
            }
            Type::Map(key, value) => {
                self.mentions(key, letter, depth) || self.mentions(value, letter, depth)
            }
            _ => false,
        }
    }

    /// The type of values of both types; `dyn` where they have none in common.
    pub(super) fn join(&mut self, a: &Type, b: &Type) -> Type {
        if self.accept(a, b) {
            let (a, b) = (self.known(a), self.known(b));
            more_general(&a, &b).clone()
        } else {
            Type::Dyn
        }
    }
}

/// Whether `null` may stand where this type is asked for.
fn can_be_null(kind: &Type) -> bool {
    matches!(
        kind,
        Type::Null
            | Type::Timestamp
            | Type::Duration
            | Type::Optional(_)
            | Type::Opaque(_)
            | Type::Record(_)
    )
}

/// The one of two types that go together that says less.
fn more_general<'t>(a: &'t Type, b: &'t Type) -> &'t Type {
    if says_no_more(a, b) { a } else { b }
}

fn says_no_more(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::Dyn | Type::Param(_), _) => true,
        (_, Type::Dyn | Type::Param(_)) => false,
        (Type::List(a), Type::List(b)) | (Type::Optional(a), Type::Optional(b)) => {
            says_no_more(a, b)
        }
        (Type::Map(key, value), Type::Map(keys, values)) => {
            says_no_more(key, keys) && says_no_more(value, values)
        }
        (a, b) => a == b,
    }
}
