//! Macros over the values of a list or map.

use super::super::budget::{Answer, Failure};
use super::super::functions::ordered::by_keys;
use super::super::program::Fold;
use super::super::tree::FoldKind;
use super::super::value::Value;
use super::{Run, build, key_of, not};

/// One value of a range: what it is called by, and the value; alone where only one of them is named.
type Pair<'a> = (Value<'a>, Option<Value<'a>>);

impl<'a> Run<'_, 'a> {
    pub(super) fn fold(&mut self, fold: &'a Fold) -> Answer<'a> {
        let range = self.step(&fold.range)?;
        match fold.kind {
            FoldKind::All => self.quantified(fold, &range, false),
            FoldKind::Exists => self.quantified(fold, &range, true),
            FoldKind::ExistsOne => self.exactly_one(fold, &range),
            FoldKind::Filter | FoldKind::List => self.listed(fold, &range),
            FoldKind::Map | FoldKind::Entries => self.mapped(fold, &range),
            FoldKind::Sort => self.sorted(fold, &range),
        }
    }

    /// Goes through a range until `each` says stop, with the names of the fold bound.
    fn each(
        &mut self,
        fold: &'a Fold,
        range: &Value<'a>,
        mut each: impl FnMut(&mut Self, Pair<'a>) -> Result<bool, Failure>,
    ) -> Result<(), Failure> {
        let outer = self.locals.len();
        let mut visit = |run: &mut Self, pair: Pair<'a>| {
            run.budget.charge(1)?;
            run.locals.push(pair.0.clone());
            run.locals.extend(pair.1.clone());
            let goes_on = each(run, pair);
            run.locals.truncate(outer);
            goes_on
        };
        match range {
            Value::List(list) => {
                for (place, value) in list.iter().enumerate() {
                    let pair = if fold.pairs {
                        (
                            Value::Int(i64::try_from(place).unwrap_or(i64::MAX)),
                            Some(value),
                        )
                    } else {
                        (value, None)
                    };
                    if !visit(self, pair)? {
                        break;
                    }
                }
            }
            Value::Map(map) => {
                for key in map.keys() {
                    let value = fold.pairs.then(|| map.get(&key)).flatten();
                    if !visit(self, (key, value))? {
                        break;
                    }
                }
            }
            other => return Err(not(other, "a list or map")),
        }
        Ok(())
    }

    /// `all` and `exists`: one value that decides hides the errors of the others.
    fn quantified(&mut self, fold: &'a Fold, range: &Value<'a>, decisive: bool) -> Answer<'a> {
        let mut error = None;
        let mut decided = false;
        self.each(fold, range, |run, _| match run.truth(&fold.body) {
            Err(Failure::Exhausted) => Err(Failure::Exhausted),
            Err(failure) => {
                error = Some(failure);
                Ok(true)
            }
            Ok(truth) => {
                decided = truth == decisive;
                Ok(!decided)
            }
        })?;
        match (decided, error) {
            (true, _) => Ok(Value::Bool(decisive)),
            (false, Some(failure)) => Err(failure),
            (false, None) => Ok(Value::Bool(!decisive)),
        }
    }

    fn exactly_one(&mut self, fold: &'a Fold, range: &Value<'a>) -> Answer<'a> {
        let mut count = 0_usize;
        self.each(fold, range, |run, _| {
            count += usize::from(run.truth(&fold.body)?);
            Ok(true)
        })?;
        Ok(Value::Bool(count == 1))
    }

    fn passes(&mut self, fold: &'a Fold) -> Result<bool, Failure> {
        match &fold.filter {
            Some(filter) => self.truth(filter),
            None => Ok(true),
        }
    }

    fn listed(&mut self, fold: &'a Fold, range: &Value<'a>) -> Answer<'a> {
        let mut values = Vec::new();
        self.each(fold, range, |run, (first, _)| {
            if fold.kind == FoldKind::Filter {
                values.extend(run.truth(&fold.body)?.then_some(first));
            } else if run.passes(fold)? {
                values.push(run.step(&fold.body)?);
            }
            Ok(true)
        })?;
        Ok(Value::list(values))
    }

    fn mapped(&mut self, fold: &'a Fold, range: &Value<'a>) -> Answer<'a> {
        let mut entries = Vec::new();
        self.each(fold, range, |run, (first, _)| {
            if !run.passes(fold)? {
                return Ok(true);
            }
            let value = run.step(&fold.body)?;
            if fold.kind == FoldKind::Map {
                entries.push((key_of(first)?, value));
                return Ok(true);
            }
            let Value::Map(map) = value else {
                return Err(not(&value, "a map of entries"));
            };
            for (key, value) in map.entries() {
                run.budget.charge(1)?;
                entries.push((key_of(key)?, value));
            }
            Ok(true)
        })?;
        build(entries)
    }

    fn sorted(&mut self, fold: &'a Fold, range: &Value<'a>) -> Answer<'a> {
        if let Value::Map(_) = range {
            return Err(not(range, "a list"));
        }
        let mut values: Vec<(Value<'a>, Value<'a>)> = Vec::new();
        self.each(fold, range, |run, (first, _)| {
            values.push((run.step(&fold.body)?, first));
            Ok(true)
        })?;
        by_keys(values, self.budget)
    }
}
