//! The allow-list: which fields exist at which place of a message. Anything else is skipped by
//! the parser without being built; a value of the wrong shape leaves only what kind it was.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::limits::{COMPONENTS_MAX, LINES_PER_TRANSACTION_MAX};

/// A place in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// The message itself.
    Message,
    /// Its `lines`.
    Lines,
    /// One of them.
    Line,
    /// `voids`, `original`.
    Reference,
    /// `components` of a line.
    Components,
    /// One of them.
    Component,
    /// A text, a number or a flag.
    Scalar,
}

impl Shape {
    /// The allow-listed fields of an object here.
    fn fields(self) -> &'static [(&'static str, Self)] {
        use Shape::{Components, Lines, Reference, Scalar};
        match self {
            Self::Message => &[
                ("till", Scalar),
                ("business_day", Scalar),
                ("transaction", Scalar),
                ("mode", Scalar),
                ("status", Scalar),
                ("time", Scalar),
                ("lines", Lines),
                ("stock", Scalar),
                ("day", Scalar),
                ("last", Scalar),
                ("count", Scalar),
                ("alive", Scalar),
            ],
            Self::Line => &[
                ("id", Scalar),
                ("code", Scalar),
                ("item", Scalar),
                ("qty", Scalar),
                ("weight", Scalar),
                ("uom", Scalar),
                ("kind", Scalar),
                ("voided", Scalar),
                ("voids", Reference),
                ("disposal", Scalar),
                ("order_ref", Scalar),
                ("original", Reference),
                ("components", Components),
                ("epc", Scalar),
            ],
            Self::Reference => &[
                ("till", Scalar),
                ("business_day", Scalar),
                ("transaction", Scalar),
                ("line", Scalar),
            ],
            Self::Component => &[("code", Scalar), ("item", Scalar), ("qty", Scalar)],
            Self::Lines | Self::Components | Self::Scalar => &[],
        }
    }

    /// A scalar, if one belongs here.
    fn scalar(self, node: Node, empty: &'static str) -> Node {
        match self {
            Self::Scalar => node,
            Self::Message
            | Self::Lines
            | Self::Line
            | Self::Reference
            | Self::Components
            | Self::Component => Node::Stray(empty),
        }
    }

    /// What a list here holds, and how many at the most.
    fn elements(self) -> Option<(Self, usize)> {
        match self {
            Self::Lines => Some((Self::Line, LINES_PER_TRANSACTION_MAX)),
            Self::Components => Some((Self::Component, COMPONENTS_MAX)),
            Self::Message | Self::Line | Self::Reference | Self::Component | Self::Scalar => None,
        }
    }
}

/// An allow-listed value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Null,
    Flag(bool),
    Integer(i64),
    /// A JSON number that is no 64-bit integer; only its presence is kept, and its text for `raw`.
    Float(String),
    Text(String),
    /// At most one more than the place may hold: enough to see that there are too many.
    List(Vec<Node>),
    Object(Object),
    /// A value where another shape belongs. Its content was skipped; this is empty JSON of its kind.
    Stray(&'static str),
}

/// The allow-listed fields of an object, in the order they came.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Object {
    pub fields: Vec<(&'static str, Node)>,
    /// A field that came twice: what it means cannot be known.
    pub twice: Option<&'static str>,
}

/// Parses bytes that stand at `shape`; nothing may follow them.
pub(super) fn parse(bytes: &[u8], shape: Shape) -> Result<Node, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let node = shape.deserialize(&mut json)?;
    json.end()?;
    Ok(node)
}

impl<'de> DeserializeSeed<'de> for Shape {
    type Value = Node;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Shape {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Node, E> {
        Ok(self.scalar(Node::Flag(value), "false"))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Node, E> {
        Ok(self.scalar(Node::Integer(value), "0"))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Node, E> {
        let integer = i64::try_from(value).map(Node::Integer);
        let node = integer.unwrap_or_else(|_| Node::Float(value.to_string()));
        Ok(self.scalar(node, "0"))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node, E> {
        Ok(self.scalar(Node::Float(value.to_string()), "0"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Node, E> {
        Ok(self.scalar(Node::Text(value.to_owned()), "\"\""))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let Some((element, max)) = self.elements() else {
            while list.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Node::Stray("[]"));
        };
        let mut nodes = Vec::new();
        while nodes.len() <= max {
            let Some(node) = list.next_element_seed(element)? else {
                return Ok(Node::List(nodes));
            };
            nodes.push(node);
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Node::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let known = self.fields();
        let mut object = Object::default();
        while let Some(key) = map.next_key::<String>()? {
            let Some((name, shape)) = known.iter().find(|(name, _)| *name == key) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let node = map.next_value_seed(*shape)?;
            if object.fields.iter().any(|(seen, _)| seen == name) {
                object.twice = object.twice.or(Some(name));
            } else {
                object.fields.push((name, node));
            }
        }
        if known.is_empty() {
            return Ok(Node::Stray("{}"));
        }
        Ok(Node::Object(object))
    }
}
