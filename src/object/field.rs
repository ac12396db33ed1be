//! Typed access to the fields of an object.
//!
//! Every reader goes through [`Field`], so that a value of the wrong type is reported with the path
//! of the field, what was found there and what would be accepted.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::Value;

use super::Unreadable;

/// A field of an object: where it stands and, where it is present and not null, its value.
///
/// Its path is put into words when somebody asks for it, or for a field below it: most fields are
/// looked at once, and nobody is told where they stand.
#[derive(Debug, Clone)]
pub struct Field<'a> {
    /// The path of the field above it, and how it is reached from there.
    below: Option<(Rc<str>, Step<'a>)>,
    path: OnceCell<Rc<str>>,
    value: Option<&'a Value>,
}

/// How a field is reached from the one above it.
#[derive(Debug, Clone, Copy)]
enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

impl<'a> Field<'a> {
    /// A field that does not belong to an object yet, at `path`.
    #[must_use]
    pub fn at(path: impl Into<Rc<str>>, value: &'a Value) -> Self {
        Self {
            below: None,
            path: OnceCell::from(path.into()),
            value: present(Some(value)),
        }
    }

    fn below(&self, step: Step<'a>, value: Option<&'a Value>) -> Self {
        Self {
            below: Some((Rc::clone(self.words()), step)),
            path: OnceCell::new(),
            value: present(value),
        }
    }

    /// The path from the root of the object, such as `spec.selector.namespaces[0]`.
    #[must_use]
    pub fn path(&self) -> &str {
        self.words()
    }

    fn words(&self) -> &Rc<str> {
        let below = self.below.as_ref();
        let words = || below.map_or_else(Rc::default, |(above, step)| step.below(above));
        self.path.get_or_init(words)
    }

    /// The value, where there is one that is not null.
    #[must_use]
    pub fn value(&self) -> Option<&'a Value> {
        self.value
    }

    /// Whether the field is present and not null.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.value.is_some()
    }

    /// The member `key` of this map.
    #[must_use]
    pub fn get(&self, key: &'a str) -> Self {
        self.below(Step::Key(key), self.value.and_then(|value| value.get(key)))
    }

    /// An error that says what stands here and what would be accepted.
    #[must_use]
    pub fn unreadable(&self, expected: impl Into<String>) -> Unreadable {
        let found = self.value.map_or_else(|| "missing".to_owned(), brief);
        Unreadable::new(self.path(), found, expected)
    }

    /// The text here, `None` where the field is absent.
    ///
    /// # Errors
    /// When it is not a string.
    pub fn text(&self) -> Result<Option<&'a str>, Unreadable> {
        match self.value {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.unreadable("a string")),
        }
    }

    /// The text here, which must be present.
    ///
    /// # Errors
    /// When it is missing or not a string.
    pub fn required_text(&self) -> Result<&'a str, Unreadable> {
        self.text()?.ok_or_else(|| self.unreadable("a string"))
    }

    /// The whole number here, `None` where the field is absent.
    ///
    /// # Errors
    /// When it is not a whole number of 64 bits.
    pub fn integer(&self) -> Result<Option<i64>, Unreadable> {
        match self.value {
            None => Ok(None),
            Some(value) => value
                .as_i64()
                .map(Some)
                .ok_or_else(|| self.unreadable("a whole number")),
        }
    }

    /// The truth value here, `None` where the field is absent.
    ///
    /// # Errors
    /// When it is not a boolean.
    pub fn boolean(&self) -> Result<Option<bool>, Unreadable> {
        match self.value {
            None => Ok(None),
            Some(Value::Bool(truth)) => Ok(Some(*truth)),
            Some(_) => Err(self.unreadable("true or false")),
        }
    }

    /// The members of the list here, none where the field is absent.
    ///
    /// # Errors
    /// When it is not a list.
    pub fn items(&self) -> Result<Vec<Field<'a>>, Unreadable> {
        let Some(value) = self.value else {
            return Ok(Vec::new());
        };
        let items = value.as_array().ok_or_else(|| self.unreadable("a list"))?;
        let field = |(index, item)| self.below(Step::Index(index), Some(item));
        Ok(items.iter().enumerate().map(field).collect())
    }

    /// The list of strings here, `None` where the field is absent.
    ///
    /// # Errors
    /// When it is not a list, or a member is not a string.
    pub fn texts(&self) -> Result<Option<Vec<String>>, Unreadable> {
        if !self.is_set() {
            return Ok(None);
        }
        let text = |item: Field<'a>| item.required_text().map(str::to_owned);
        self.items()?
            .into_iter()
            .map(text)
            .collect::<Result<_, _>>()
            .map(Some)
    }

    /// The entries of the map here, in key order, none where the field is absent.
    ///
    /// # Errors
    /// When it is not a map.
    pub fn entries(&self) -> Result<Vec<(&'a str, Field<'a>)>, Unreadable> {
        let Some(value) = self.value else {
            return Ok(Vec::new());
        };
        let map = value.as_object().ok_or_else(|| self.unreadable("a map"))?;
        Ok(map
            .keys()
            .map(|key| (key.as_str(), self.get(key)))
            .collect())
    }

    /// The keys of the map here, in order, none where the field is absent.
    ///
    /// # Errors
    /// When it is not a map.
    pub fn keys(&self) -> Result<impl Iterator<Item = &'a str> + use<'a>, Unreadable> {
        let map = match self.value {
            None => None,
            Some(Value::Object(map)) => Some(map),
            Some(_) => return Err(self.unreadable("a map")),
        };
        let keys = map.into_iter().flat_map(serde_json::Map::keys);
        Ok(keys.map(String::as_str))
    }

    /// The map of strings here, `None` where the field is absent.
    ///
    /// # Errors
    /// When it is not a map, or a value is not a string.
    pub fn text_map(&self) -> Result<Option<BTreeMap<String, String>>, Unreadable> {
        if !self.is_set() {
            return Ok(None);
        }
        let mut map = BTreeMap::new();
        for (key, field) in self.entries()? {
            map.insert(key.to_owned(), field.required_text()?.to_owned());
        }
        Ok(Some(map))
    }
}

impl Step<'_> {
    /// The path of the field that it leads to from the one at `above`.
    fn below(self, above: &str) -> Rc<str> {
        let key = match self {
            Self::Index(index) => return format!("{above}[{index}]").into(),
            Self::Key(key) => key,
        };
        let odd = key.bytes().any(|byte| matches!(byte, b'.' | b'/' | b'['));
        let (before, after) = match (odd, above) {
            (true, _) => ("[\"", "\"]"),
            (false, "") => return key.into(),
            (false, _) => (".", ""),
        };
        let mut path = String::with_capacity(above.len() + key.len() + 4);
        path.extend([above, before, key, after]);
        path.into()
    }
}

fn present(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| !value.is_null())
}

/// A value as an error message quotes it: whole when short, cut when long.
pub(super) fn brief(value: &Value) -> String {
    const LONGEST: usize = 60;
    let text = value.to_string();
    if text.chars().count() <= LONGEST {
        return text;
    }
    let cut: String = text.chars().take(LONGEST).collect();
    format!("{cut}…")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::object::Object;

    #[test]
    fn a_wrong_type_is_reported_with_its_path() {
        let object = Object::new(json!({
            "apiVersion": "chaos-mesh.org/v1alpha1", "kind": "PodChaos",
            "metadata": {"name": "x"}, "spec": {"selector": {"namespaces": ["db", 3]}}
        }))
        .unwrap();
        let error = object
            .spec()
            .get("selector")
            .get("namespaces")
            .texts()
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "spec.selector.namespaces[1]: 3, expected a string"
        );
    }

    #[test]
    fn null_is_absent() {
        let value = json!({"a": null});
        assert!(!Field::at("", &value).get("a").is_set());
    }
}
