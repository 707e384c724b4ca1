//! Reads a request body in place, where a wrong enumeration or index range must cost one operation
//! and not the whole request, and where a Read of a thousand nodes must not allocate a thousand strings.

use std::io::Read;
use std::ops::Range;

use opcua_types::{BinaryDecodable, Context, DataValue, Error, NumericRange, StatusCode};

use crate::ua::space::{IdRef, NodeIdRef};
use crate::ua::wire::Shallow;

/// What is wrong with a body: always `BadDecodingError` to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the request body cannot be decoded")]
pub(super) struct Malformed;

impl From<Error> for Malformed {
    fn from(_: Error) -> Self {
        Self
    }
}

/// A cursor over a request body.
#[derive(Clone, Debug)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads `body` from its start.
    pub(super) fn new(body: &'a [u8]) -> Self {
        Self { rest: body }
    }

    /// What has not been read yet.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (head, tail) = self.rest.split_first_chunk::<N>().ok_or(Malformed)?;
        self.rest = tail;
        Ok(*head)
    }

    fn bytes(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let (head, tail) = self.rest.split_at_checked(count).ok_or(Malformed)?;
        self.rest = tail;
        Ok(head)
    }

    /// Byte.
    pub(super) fn u8(&mut self) -> Result<u8, Malformed> {
        Ok(self.take::<1>()?[0])
    }

    /// UInt16.
    pub(super) fn u16(&mut self) -> Result<u16, Malformed> {
        Ok(u16::from_le_bytes(self.take()?))
    }

    /// UInt32.
    pub(super) fn u32(&mut self) -> Result<u32, Malformed> {
        Ok(u32::from_le_bytes(self.take()?))
    }

    /// Int32, also of every enumeration.
    pub(super) fn i32(&mut self) -> Result<i32, Malformed> {
        Ok(i32::from_le_bytes(self.take()?))
    }

    /// Int64, also the ticks of a DateTime.
    pub(super) fn i64(&mut self) -> Result<i64, Malformed> {
        Ok(i64::from_le_bytes(self.take()?))
    }

    /// Double.
    pub(super) fn f64(&mut self) -> Result<f64, Malformed> {
        Ok(f64::from_le_bytes(self.take()?))
    }

    /// Length of an array whose elements take at least `smallest` bytes each; null counts as empty.
    /// A length that the body cannot hold is refused before anything is allocated.
    pub(super) fn array(&mut self, smallest: usize) -> Result<usize, Malformed> {
        let length = self.i32()?;
        if length < -1 {
            return Err(Malformed);
        }
        let length = length.max(0) as usize;
        if length > self.rest.len() / smallest.max(1) {
            return Err(Malformed);
        }
        Ok(length)
    }

    /// String; null reads as empty.
    pub(super) fn text(&mut self) -> Result<&'a str, Malformed> {
        let length = self.i32()?;
        if length < -1 {
            return Err(Malformed);
        }
        if length <= 0 {
            return Ok("");
        }
        let bytes = self.bytes(length as usize)?;
        std::str::from_utf8(bytes).map_err(|_| Malformed)
    }

    /// NodeId, borrowed (Part 6, 5.2.2.9).
    pub(super) fn node_id(&mut self) -> Result<NodeIdRef<'a>, Malformed> {
        let (namespace, identifier) = match self.u8()? {
            0 => (0, IdRef::Numeric(u32::from(self.u8()?))),
            1 => (u16::from(self.u8()?), IdRef::Numeric(u32::from(self.u16()?))),
            2 => (self.u16()?, IdRef::Numeric(self.u32()?)),
            3 => (self.u16()?, IdRef::Text(self.text()?)),
            4 => {
                let namespace = self.u16()?;
                self.bytes(16)?;
                (namespace, IdRef::Other)
            }
            5 => {
                let namespace = self.u16()?;
                self.byte_string()?;
                (namespace, IdRef::Other)
            }
            _ => return Err(Malformed),
        };
        Ok(NodeIdRef { namespace, identifier })
    }

    /// ByteString; null reads as empty.
    pub(super) fn byte_string(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.i32()?;
        if length < -1 {
            return Err(Malformed);
        }
        self.bytes(length.max(0) as usize)
    }

    /// ExtensionObject, borrowed: type and body; an object without a body has an empty one (Part 6, 5.2.2.15).
    pub(super) fn extension_object(&mut self) -> Result<(NodeIdRef<'a>, &'a [u8]), Malformed> {
        let kind = self.node_id()?;
        let body = match self.u8()? {
            0 => &[][..],
            1 | 2 => self.byte_string()?,
            _ => return Err(Malformed),
        };
        Ok((kind, body))
    }

    /// Boolean.
    pub(super) fn flag(&mut self) -> Result<bool, Malformed> {
        Ok(self.u8()? != 0)
    }

    /// Array of UInt32; null counts as empty.
    pub(super) fn numbers(&mut self) -> Result<Vec<u32>, Malformed> {
        let count = self.array(4)?;
        (0..count).map(|_| self.u32()).collect()
    }

    /// QualifiedName, borrowed.
    pub(super) fn qualified_name(&mut self) -> Result<(u16, &'a str), Malformed> {
        Ok((self.u16()?, self.text()?))
    }

    /// Any type that the library decodes.
    pub(super) fn typed<T: BinaryDecodable>(
        &mut self,
        context: &Context<'_>,
    ) -> Result<T, Malformed> {
        Ok(T::decode(&mut Shallow::new(&mut self.rest), context)?)
    }

    /// DataValue. Of a Boolean any byte but 0 is true (Part 6, 5.2.2.1); the library takes 1 alone for it.
    pub(super) fn data_value(&mut self, context: &Context<'_>) -> Result<DataValue, Malformed> {
        let Some(flags) = booleans(self.rest) else { return self.typed(context) };
        let (head, tail) = self.rest.split_at(flags.end);
        let mut head = head.to_vec();
        for flag in &mut head[flags] {
            *flag = u8::from(*flag != 0);
        }
        let mut tail = tail;
        let value =
            DataValue::decode(&mut Shallow::new(&mut head.as_slice().chain(&mut tail)), context)?;
        self.rest = tail;
        Ok(value)
    }
}

/// Where the Booleans of an encoded DataValue stand, if its value is one or an array of them.
fn booleans(encoded: &[u8]) -> Option<Range<usize>> {
    let (mask, kind) = (encoded.first()?, encoded.get(1)?);
    if mask & 1 == 0 || kind & 0x3f != 1 {
        return None;
    }
    let flags = if kind & 0x80 == 0 {
        2..3
    } else {
        let length = i32::from_le_bytes(*encoded.get(2..)?.first_chunk::<4>()?);
        6..6 + usize::try_from(length).ok()?
    };
    encoded.get(flags.clone())?.iter().any(|it| *it > 1).then_some(flags)
}

/// Parses an index range (Part 4, 7.27): per operation, not per request.
pub(super) fn index_range(text: &str) -> Result<NumericRange, StatusCode> {
    // The library accepts "2:2" only as an error already; its syntax is the standard's.
    text.parse().map_err(|_| StatusCode::BadIndexRangeInvalid)
}

/// Whether a NodeId is syntactically one that can name a node: not null.
pub(super) fn is_null(id: &NodeIdRef<'_>) -> bool {
    match id.identifier {
        IdRef::Numeric(number) => number == 0 && id.namespace == 0,
        IdRef::Text(text) => text.is_empty(),
        IdRef::Other => false,
    }
}
