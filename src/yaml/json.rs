//! JSON with positions.
//!
//! serde_json tells where an error is but not where a value is. It reads no further than the first
//! character of the value it is about to hand over, so a reader that counts knows where that is.

use std::cell::Cell;
use std::fmt;
use std::io;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::node::{Node, Size};
use super::position::{Position, Positions};
use super::scalar;
use super::{SyntaxError, explained};

/// The JSON values in `text`, one after the other; the first line is line `first_line` of its file.
pub(super) fn read(text: &str, first_line: usize) -> Result<Vec<Node>, Refused> {
    let tape = Tape::new(text, first_line);
    let mut json = serde_json::Deserializer::from_reader(&tape);
    let mut values = Vec::new();
    while json.end().is_err() {
        let (value, positions) = At(&tape)
            .deserialize(&mut json)
            .map_err(|error| Refused::new(&error, first_line, tape.blamed.get()))?;
        values.push(Node {
            value,
            positions,
            size: Size::default(),
            height: 0,
        });
    }
    Ok(values)
}

/// Text that is no JSON, or JSON that no manifest may hold.
pub(super) struct Refused {
    /// Whether it might be something else, such as YAML.
    pub(super) is_no_json: bool,
    pub(super) error: SyntaxError,
}

impl Refused {
    fn new(error: &serde_json::Error, first_line: usize, blamed: Option<Position>) -> Self {
        let stopped = Position {
            line: first_line.saturating_add(error.line()).saturating_sub(1),
            column: error.column().max(1),
        };
        let full = error.to_string();
        // The line is counted within this text; the position says it within the file.
        let message = full
            .rsplit_once(" at line ")
            .map_or(full.as_str(), |(message, _)| message);
        Self {
            is_no_json: !error.is_data(),
            error: blamed.unwrap_or(stopped).error(explained(message)),
        }
    }
}

/// A text read byte by byte, that knows where it is.
struct Tape<'t> {
    rest: Cell<&'t [u8]>,
    /// Where the last byte that was read stands.
    here: Cell<Position>,
    broken: Cell<bool>,
    /// What is at fault, where it is not what was read last.
    blamed: Cell<Option<Position>>,
}

impl<'t> Tape<'t> {
    fn new(text: &'t str, first_line: usize) -> Self {
        let here = Position {
            line: first_line,
            column: 0,
        };
        Self {
            rest: Cell::new(text.as_bytes()),
            here: Cell::new(here),
            broken: Cell::new(false),
            blamed: Cell::new(None),
        }
    }

    fn pass(&self, byte: u8) {
        // Bytes inside a character do not move the column.
        const CONTINUES: std::ops::RangeInclusive<u8> = 0x80..=0xbf;
        let mut here = self.here.get();
        if self.broken.replace(byte == b'\n') {
            here.line = here.line.saturating_add(1);
            here.column = 0;
        }
        if !CONTINUES.contains(&byte) {
            here.column = here.column.saturating_add(1);
        }
        self.here.set(here);
    }
}

impl io::Read for &Tape<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (Some(slot), Some((&byte, rest))) = (buffer.first_mut(), self.rest.get().split_first())
        else {
            return Ok(0);
        };
        *slot = byte;
        self.rest.set(rest);
        self.pass(byte);
        Ok(1)
    }
}

/// Reads the value that begins where the tape is.
#[derive(Clone, Copy)]
struct At<'t>(&'t Tape<'t>);

impl<'de> DeserializeSeed<'de> for At<'_> {
    type Value = (Value, Positions);

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        let here = self.0.here.get();
        let reader = Reader { tape: self.0, here };
        json.deserialize_any(reader)
    }
}

/// Reads one value.
struct Reader<'t> {
    tape: &'t Tape<'t>,
    here: Position,
}

impl Reader<'_> {
    fn scalar(&self, value: Value) -> (Value, Positions) {
        (value, Positions::of_scalar(self.here))
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = (Value, Positions);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(self.scalar(Value::Null))
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Self::Value, E> {
        Ok(self.scalar(Value::Bool(truth)))
    }

    fn visit_i64<E>(self, whole: i64) -> Result<Self::Value, E> {
        Ok(self.scalar(Value::from(whole)))
    }

    fn visit_u64<E>(self, whole: u64) -> Result<Self::Value, E> {
        Ok(self.scalar(Value::from(whole)))
    }

    fn visit_f64<E: serde::de::Error>(self, float: f64) -> Result<Self::Value, E> {
        let value = scalar::number(float).ok_or_else(|| E::custom("number out of range"))?;
        Ok(self.scalar(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(self.scalar(Value::from(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let (mut items, mut positions) = (Vec::new(), Vec::new());
        while let Some((value, position)) = list.next_element_seed(At(self.tape))? {
            items.push(value);
            positions.push(position);
        }
        Ok((
            Value::Array(items),
            Positions::of_list(self.here, positions),
        ))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut entries, mut positions) = (Map::new(), Vec::new());
        while let Some((key, at)) = map.next_key_seed(At(self.tape))? {
            let Value::String(key) = key else {
                return Err(A::Error::custom("a key, expected a string"));
            };
            if entries.contains_key(&key) {
                self.tape.blamed.set(Some(at.start()));
                let twice = format!("key {key:?} is written twice in one map");
                return Err(A::Error::custom(twice));
            }
            let (value, below) = map.next_value_seed(At(self.tape))?;
            positions.push((key.as_str().into(), below.moved_to(at.start())));
            entries.insert(key, value);
        }
        Ok((
            Value::Object(entries),
            Positions::of_map(self.here, positions),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_where_they_were_written() {
        let text =
            "{\"spec\": {\n  \"mode\" : \"all\",\n\t\"ü\": 1, \"list\": [1,\n {\"x\": 2}]}}\n[1]";
        let values = read(text, 10).ok().unwrap();
        let positions = &values[0].positions;
        let at = |path: &str| positions.locate(path).to_string();
        assert_eq!(at(""), "10:1");
        assert_eq!(at("spec"), "10:2");
        assert_eq!(at("spec.mode"), "11:3");
        assert_eq!(at("spec.ü"), "12:2");
        assert_eq!(at("spec.list"), "12:10");
        assert_eq!(at("spec.list[0]"), "12:19");
        assert_eq!(at("spec.list[1].x"), "13:3");
        assert_eq!(values[1].positions.start().to_string(), "14:1");
    }
}
