//! Values beside each other, as a ContentFilter sees them: of whatever types, converted where the standard
//! allows it (Part 4, 7.7.3).

use std::cmp::Ordering;

use opcua_types::{Variant, VariantScalarTypeId as Scalar};

/// A number without loss.
#[derive(Clone, Copy)]
enum Number {
    Whole(i128),
    Real(f64),
}

fn number(value: &Variant) -> Option<Number> {
    Some(match value {
        Variant::SByte(it) => Number::Whole((*it).into()),
        Variant::Byte(it) => Number::Whole((*it).into()),
        Variant::Int16(it) => Number::Whole((*it).into()),
        Variant::UInt16(it) => Number::Whole((*it).into()),
        Variant::Int32(it) => Number::Whole((*it).into()),
        Variant::UInt32(it) => Number::Whole((*it).into()),
        Variant::Int64(it) => Number::Whole((*it).into()),
        Variant::UInt64(it) => Number::Whole((*it).into()),
        Variant::Float(it) => Number::Real((*it).into()),
        Variant::Double(it) => Number::Real(*it),
        _ => return None,
    })
}

/// Beyond this every Double is larger than any integer of the standard.
const BEYOND: f64 = 1e30;

fn order_numbers(one: Number, other: Number) -> Option<Ordering> {
    match (one, other) {
        (Number::Whole(one), Number::Whole(other)) => Some(one.cmp(&other)),
        (Number::Real(one), Number::Real(other)) => one.partial_cmp(&other),
        (Number::Whole(one), Number::Real(other)) => order_mixed(one, other),
        (Number::Real(one), Number::Whole(other)) => order_mixed(other, one).map(Ordering::reverse),
    }
}

fn order_mixed(whole: i128, real: f64) -> Option<Ordering> {
    if real.is_nan() {
        return None;
    }
    if real.abs() > BEYOND {
        return Some(if real > 0.0 { Ordering::Less } else { Ordering::Greater });
    }
    let fraction = 0.0.partial_cmp(&real.fract())?;
    Some(whole.cmp(&(real.trunc() as i128)).then(fraction))
}

/// How high a type stands: of two, the lower is converted (Part 4, Table 124).
fn precedence(kind: Scalar) -> u8 {
    match kind {
        Scalar::Double => 1,
        Scalar::Float => 2,
        Scalar::Int64 => 3,
        Scalar::UInt64 => 4,
        Scalar::Int32 => 5,
        Scalar::UInt32 => 6,
        Scalar::StatusCode => 7,
        Scalar::Int16 => 8,
        Scalar::UInt16 => 9,
        Scalar::SByte => 10,
        Scalar::Byte => 11,
        Scalar::Boolean => 12,
        Scalar::Guid => 13,
        Scalar::String => 14,
        Scalar::ExpandedNodeId => 15,
        Scalar::NodeId => 16,
        Scalar::LocalizedText => 17,
        Scalar::QualifiedName => 18,
        _ => 19,
    }
}

/// Both values in the type of the one that stands higher; none if the other cannot be converted.
fn common(one: &Variant, other: &Variant) -> Option<(Variant, Variant)> {
    let (mine, yours) = (one.scalar_type_id()?, other.scalar_type_id()?);
    if mine == yours {
        return Some((one.clone(), other.clone()));
    }
    let (one, other) = if precedence(mine) <= precedence(yours) {
        (one.clone(), convert(other, mine))
    } else {
        (convert(one, yours), other.clone())
    };
    (!matches!(one, Variant::Empty) && !matches!(other, Variant::Empty)).then_some((one, other))
}

fn convert(value: &Variant, to: Scalar) -> Variant {
    match (value, to) {
        (Variant::LocalizedText(it), Scalar::String) => it.text.clone().into(),
        (Variant::QualifiedName(it), Scalar::String) => it.name.clone().into(),
        _ => value.convert(to),
    }
}

/// Which of two values is larger; none if one is null or they cannot be put in an order.
pub(super) fn order(one: &Variant, other: &Variant) -> Option<Ordering> {
    if let (Some(one), Some(other)) = (number(one), number(other)) {
        return order_numbers(one, other);
    }
    let (one, other) = common(one, other)?;
    if let (Some(one), Some(other)) = (number(&one), number(&other)) {
        return order_numbers(one, other);
    }
    match (&one, &other) {
        (Variant::Boolean(one), Variant::Boolean(other)) => Some(one.cmp(other)),
        (Variant::String(one), Variant::String(other)) => Some(one.as_ref().cmp(other.as_ref())),
        (Variant::DateTime(one), Variant::DateTime(other)) => Some(one.ticks().cmp(&other.ticks())),
        (Variant::StatusCode(one), Variant::StatusCode(other)) => {
            Some(one.bits().cmp(&other.bits()))
        }
        (Variant::LocalizedText(one), Variant::LocalizedText(other)) => {
            Some(one.text.as_ref().cmp(other.text.as_ref()))
        }
        (Variant::ByteString(one), Variant::ByteString(other)) => Some(one.value.cmp(&other.value)),
        _ => None,
    }
}

/// Whether two values are the same; none if one is null or they cannot be compared.
pub(super) fn equal(one: &Variant, other: &Variant) -> Option<bool> {
    match (one, other) {
        (Variant::Empty, _) | (_, Variant::Empty) => None,
        (Variant::Array(one), Variant::Array(other)) => Some(
            one.dimensions == other.dimensions
                && one.values.len() == other.values.len()
                && one.values.iter().zip(&other.values).all(|(one, other)| {
                    // Arrays hold scalars or Variants: one level more at most.
                    equal(one, other) == Some(true)
                }),
        ),
        (Variant::NodeId(one), Variant::ExpandedNodeId(other))
        | (Variant::ExpandedNodeId(other), Variant::NodeId(one)) => {
            Some(other.server_index == 0 && **one == other.node_id)
        }
        _ => {
            if let (Some(one), Some(other)) = (number(one), number(other)) {
                return Some(order_numbers(one, other) == Some(Ordering::Equal));
            }
            let (one, other) = common(one, other)?;
            match order(&one, &other) {
                Some(order) => Some(order.is_eq()),
                None => Some(one == other),
            }
        }
    }
}

/// Bits of two integers, in the type of the one that stands higher; null for anything else.
pub(super) fn bitwise(one: &Variant, other: &Variant, of: fn(u64, u64) -> u64) -> Variant {
    let (Some(Number::Whole(first)), Some(Number::Whole(second))) = (number(one), number(other))
    else {
        return Variant::Empty;
    };
    let (Some(mine), Some(yours)) = (one.scalar_type_id(), other.scalar_type_id()) else {
        return Variant::Empty;
    };
    let kind = if precedence(mine) <= precedence(yours) { mine } else { yours };
    let bits = of(first as u64, second as u64);
    match kind {
        Scalar::SByte => Variant::SByte(bits as i8),
        Scalar::Byte => Variant::Byte(bits as u8),
        Scalar::Int16 => Variant::Int16(bits as i16),
        Scalar::UInt16 => Variant::UInt16(bits as u16),
        Scalar::Int32 => Variant::Int32(bits as i32),
        Scalar::UInt32 => Variant::UInt32(bits as u32),
        Scalar::Int64 => Variant::Int64(bits as i64),
        _ => Variant::UInt64(bits),
    }
}

/// Characters times pieces at most: beyond it a Like is null.
const MOST_STEPS: usize = 4_000_000;

/// Whether a text is as a pattern says (Part 4, Table 120): `%` any text, `_` any character, `[ab]`, `[a-c]`,
/// `[^ab]` one of them or none of them, `\` takes the next as it is.
pub(super) fn is_like(text: &Variant, pattern: &Variant) -> Option<bool> {
    let (text, pattern) = (plain(text)?, plain(pattern)?);
    let pattern = parse(&pattern)?;
    let text: Vec<char> = text.chars().collect();
    (text.len().saturating_mul(pattern.len()) <= MOST_STEPS).then(|| matches(&text, &pattern))
}

fn plain(value: &Variant) -> Option<String> {
    match convert(value, Scalar::String) {
        Variant::String(it) if !it.is_null() => Some(it.as_ref().to_owned()),
        _ => None,
    }
}

enum Piece {
    Any,
    One,
    Char(char),
    Set { ranges: Vec<(char, char)>, is_none_of: bool },
}

impl Piece {
    fn takes(&self, character: char) -> bool {
        match self {
            Self::Any | Self::One => true,
            Self::Char(own) => *own == character,
            Self::Set { ranges, is_none_of } => {
                let is_in = ranges.iter().any(|(low, high)| (*low..=*high).contains(&character));
                is_in != *is_none_of
            }
        }
    }
}

/// None for a list without an end.
fn parse(pattern: &str) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut rest = pattern.chars();
    while let Some(character) = rest.next() {
        pieces.push(match character {
            '%' => Piece::Any,
            '_' => Piece::One,
            '\\' => Piece::Char(rest.next()?),
            '[' => {
                let (inside, behind) = rest.as_str().split_once(']')?;
                rest = behind.chars();
                set(inside)
            }
            other => Piece::Char(other),
        });
    }
    Some(pieces)
}

fn set(inside: &str) -> Piece {
    let is_none_of = inside.starts_with('^');
    let own: Vec<char> = inside.chars().skip(usize::from(is_none_of)).collect();
    let mut ranges = Vec::new();
    let mut at = 0;
    while let Some(low) = own.get(at) {
        let high = own.get(at + 2).filter(|_| own.get(at + 1) == Some(&'-'));
        ranges.push((*low, *high.unwrap_or(low)));
        at += if high.is_some() { 3 } else { 1 };
    }
    Piece::Set { ranges, is_none_of }
}

/// Goes back to the last `%` only: the time is that of text times pattern at most.
fn matches(text: &[char], pattern: &[Piece]) -> bool {
    let (mut at, mut piece) = (0, 0);
    let mut last: Option<(usize, usize)> = None;
    while at < text.len() {
        match pattern.get(piece) {
            Some(Piece::Any) => {
                last = Some((piece, at));
                piece += 1;
            }
            Some(one) if one.takes(text[at]) => {
                at += 1;
                piece += 1;
            }
            _ => match &mut last {
                Some((any, from)) => {
                    *from += 1;
                    at = *from;
                    piece = *any + 1;
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(piece).all(|it| matches!(it, Piece::Any))
}
