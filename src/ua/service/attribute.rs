//! Read (Part 4, 5.11.2): decoded in place, encoded straight from the snapshot.

use opcua_types::{
    AttributeId, BinaryEncodable, DataValue, NumericRange, ObjectId, StatusCode,
    TimestampsToReturn, Variant,
};

use crate::access::Roles;
use crate::engine::Snapshot;
use crate::tag::TagIndex;
use crate::time::{self, Timestamp};
use crate::ua::envelope::{array_length, response_header};
use crate::ua::permission::bits::{READ, READ_ROLE_PERMISSIONS};
use crate::ua::permission::{ClassIndex, Rights};
use crate::ua::range;
use crate::ua::server::Server;
use crate::ua::service::read_list::{List, plain_tag};
use crate::ua::service::reader::{self, Malformed, Reader};
use crate::ua::service::{Answer, Outcome, Request};
use crate::ua::space::{CURRENT_READ, NodeIdRef, NodeRef, ValueSource};
use crate::ua::status;
use crate::ua::subscription::SessionKey;
use crate::ua::value::{self, date_time};

/// Smallest encoded ReadValueId: two-byte NodeId, attribute, null range, null encoding.
const SMALLEST_READ: usize = 2 + 4 + 4 + 6;
/// Encoded size of one good Double with two timestamps, to reserve by.
const TYPICAL_VALUE: usize = 32;

/// One attribute to read.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReadItem<'a> {
    /// Node.
    pub(super) node: NodeIdRef<'a>,
    /// Attribute number as sent.
    pub(super) attribute: u32,
    /// Index range as sent.
    pub(super) range: &'a str,
    /// Data encoding as sent.
    pub(super) encoding: (u16, &'a str),
}

impl<'a> ReadItem<'a> {
    /// ReadValueId (Part 4, 7.29).
    pub(super) fn read(body: &mut Reader<'a>) -> Result<Self, Malformed> {
        Ok(Self {
            node: body.node_id()?,
            attribute: body.u32()?,
            range: body.text()?,
            encoding: body.qualified_name()?,
        })
    }
}

/// Which timestamps a client wants; anything but 0 to 3 is an error (RD-06).
pub(super) fn timestamps(number: i32) -> Result<TimestampsToReturn, StatusCode> {
    match number {
        0 => Ok(TimestampsToReturn::Source),
        1 => Ok(TimestampsToReturn::Server),
        2 => Ok(TimestampsToReturn::Both),
        3 => Ok(TimestampsToReturn::Neither),
        _ => Err(StatusCode::BadTimestampsToReturnInvalid),
    }
}

/// Read.
pub(super) fn read(mut request: Request<'_>) -> Outcome {
    let session = request.session()?;
    let max_age = request.body.f64()?;
    if max_age < 0.0 || max_age.is_nan() {
        return Err(StatusCode::BadMaxAgeInvalid);
    }
    let timestamps = timestamps(request.body.i32()?)?;
    let count = request.body.array(SMALLEST_READ)?;
    request.check_count(count)?;
    let server = request.server;
    let snapshot = server.snapshot();
    let sight = Sight {
        server,
        snapshot: &snapshot,
        roles: request.roles(session),
        rights: request.rights(session),
        session,
        timestamps,
        now: time::now(),
    };
    let mut out = Vec::with_capacity(32 + count * TYPICAL_VALUE);
    let handle = request.header.request_handle;
    let id = ObjectId::ReadResponse_Encoding_DefaultBinary;
    response_header(&mut out, id, handle, StatusCode::Good, sight.now);
    array_length(&mut out, Some(count));
    match server.read_lists.get(&server.space, request.body.rest(), count)? {
        Some(list) => sight.read_list(&list, &mut out)?,
        None => {
            for _ in 0..count {
                let item = ReadItem::read(&mut request.body)?;
                sight.read_into(&item, &mut out);
            }
        }
    }
    array_length(&mut out, None);
    Ok(Answer::Now(out))
}

/// The address space as one user sees it at one moment.
pub(super) struct Sight<'a> {
    pub(super) server: &'a Server,
    pub(super) snapshot: &'a Snapshot,
    pub(super) roles: Roles,
    pub(super) rights: Rights,
    pub(super) session: SessionKey,
    pub(super) timestamps: TimestampsToReturn,
    pub(super) now: Timestamp,
}

impl Sight<'_> {
    /// Reads what a list that has come before names.
    fn read_list(&self, list: &List, out: &mut Vec<u8>) -> Result<(), Malformed> {
        for step in &list.steps {
            match step.tag.filter(|(_, class)| self.rights.may(*class, READ)) {
                Some((tag, _)) => self.read_tag(tag, out),
                None => self.read_into(&list.item(*step)?, out),
            }
        }
        Ok(())
    }

    fn read_tag(&self, tag: TagIndex, out: &mut Vec<u8>) {
        value::encode_sample(out, &self.snapshot.sample(tag), self.timestamps, self.now);
    }

    /// Reads one attribute; a tag's plain value goes the short way.
    fn read_into(&self, item: &ReadItem<'_>, out: &mut Vec<u8>) {
        let node = self.server.space.resolve(&item.node);
        if let Some((tag, class)) = node.and_then(|it| plain_tag(&self.server.space, it, item))
            && self.rights.may(class, READ)
        {
            return self.read_tag(tag, out);
        }
        let value = match node {
            Some(node) => self.attribute(node, item),
            None if reader::is_null(&item.node) => Err(StatusCode::BadNodeIdInvalid),
            None => Err(StatusCode::BadNodeIdUnknown),
        };
        let value = value
            .unwrap_or_else(|status| DataValue { status: Some(status), ..DataValue::default() });
        // Writing to memory cannot fail; a value that cannot be encoded is a fault of ours.
        if value.encode(out, &self.server.context()).is_err() {
            out.push(2);
            out.extend_from_slice(&StatusCode::BadEncodingError.bits().to_le_bytes());
        }
    }

    fn attribute(&self, node: NodeRef, item: &ReadItem<'_>) -> Result<DataValue, StatusCode> {
        let attribute =
            AttributeId::from_u32(item.attribute).map_err(|_| StatusCode::BadAttributeIdInvalid)?;
        let range = reader::index_range(item.range)?;
        self.value_of(node, attribute, &range, item.encoding)
    }

    /// Any attribute of any node, with index range and data encoding checked (RD-08 to RD-12).
    pub(super) fn value_of(
        &self,
        node: NodeRef,
        attribute: AttributeId,
        range: &NumericRange,
        encoding: (u16, &str),
    ) -> Result<DataValue, StatusCode> {
        if attribute != AttributeId::Value {
            self.check_visible(node, attribute)?;
            if !range.is_none() {
                return Err(StatusCode::BadIndexRangeNoData);
            }
            if !encoding.1.is_empty() {
                return Err(StatusCode::BadDataEncodingInvalid);
            }
            let value = self.attribute_of(node, attribute)?;
            return Ok(self.stamped(DataValue::value_only(value), None));
        }
        let mut value = self.value(node)?;
        if !encoding.1.is_empty() {
            check_encoding(&value, encoding)?;
        }
        if !range.is_none() {
            let whole = value.value.take().unwrap_or_default();
            value.value = Some(range::slice(&whole, range)?);
        }
        Ok(value)
    }

    fn value(&self, node: NodeRef) -> Result<DataValue, StatusCode> {
        match self.server.space.value_source(node) {
            ValueSource::Tag(tag) => {
                self.check_permission(node)?;
                let sample = self.snapshot.sample(tag);
                let status = status::of_quality(sample.quality);
                let mut value = DataValue::value_only(value::from_value(sample.value));
                value.status = (!matches!(status, StatusCode::Good)).then_some(status);
                Ok(self.stamped(value, Some(sample.time)))
            }
            ValueSource::Constant(value) => {
                self.check_permission(node)?;
                let own = self.server.space.default_user_permissions(node, self.roles);
                Ok(self.stamped(DataValue::value_only(own.unwrap_or(value)), None))
            }
            ValueSource::Live(id) => {
                self.check_permission(node)?;
                self.check_readable(node)?;
                let live = self.server.live(id, self.snapshot).ok_or(StatusCode::BadNotReadable)?;
                let mut value = DataValue::value_only(live.value);
                value.status = (!matches!(live.status, StatusCode::Good)).then_some(live.status);
                Ok(self.stamped(value, Some(live.source)))
            }
            ValueSource::None => Err(StatusCode::BadAttributeIdInvalid),
        }
    }

    /// An attribute other than Value. Of his own session everybody may read what there is to be read.
    fn attribute_of(&self, node: NodeRef, attribute: AttributeId) -> Result<Variant, StatusCode> {
        let is_level = attribute == AttributeId::UserAccessLevel;
        let shown =
            if is_level && self.is_own(node) { AttributeId::AccessLevel } else { attribute };
        self.server.space.attribute(node, shown, self.roles)
    }

    fn is_own(&self, node: NodeRef) -> bool {
        matches!(node, NodeRef::Session(session, _) if session == self.session.0)
    }

    /// The class whose rights this session has over a node: everybody sees the diagnostics of his own session (DIA-03).
    pub(super) fn class_of(&self, node: NodeRef) -> ClassIndex {
        if self.is_own(node) { ClassIndex::OPEN } else { self.server.space.class_of(node) }
    }

    /// Whether this user may read a value.
    fn check_permission(&self, node: NodeRef) -> Result<(), StatusCode> {
        Ok(self.rights.check(self.class_of(node), READ)?)
    }

    /// Whether this user sees a node at all, and its RolePermissions (Part 3, 8.55).
    fn check_visible(&self, node: NodeRef, attribute: AttributeId) -> Result<(), StatusCode> {
        let class = self.class_of(node);
        if !self.rights.may_browse(class) {
            return Err(StatusCode::BadUserAccessDenied);
        }
        if attribute == AttributeId::RolePermissions {
            self.rights.check(class, READ_ROLE_PERMISSIONS)?;
        }
        Ok(())
    }

    /// Whether a value may be read at all, and by this user (RD-13).
    fn check_readable(&self, node: NodeRef) -> Result<(), StatusCode> {
        let level = |which| match self.attribute_of(node, which) {
            Ok(Variant::Byte(level)) => level,
            _ => 0,
        };
        if level(AttributeId::AccessLevel) & CURRENT_READ == 0 {
            return Err(StatusCode::BadNotReadable);
        }
        if level(AttributeId::UserAccessLevel) & CURRENT_READ == 0 {
            return Err(StatusCode::BadUserAccessDenied);
        }
        Ok(())
    }

    fn stamped(&self, mut value: DataValue, source: Option<Timestamp>) -> DataValue {
        use TimestampsToReturn::{Both, Server, Source};
        if matches!(self.timestamps, Source | Both) {
            value.source_timestamp = source.map(date_time);
        }
        if matches!(self.timestamps, Server | Both) {
            value.server_timestamp = Some(date_time(self.now));
        }
        value
    }
}

/// A data encoding may be named for structures only (RD-12).
fn check_encoding(value: &DataValue, encoding: (u16, &str)) -> Result<(), StatusCode> {
    let is_structure = matches!(value.value, Some(Variant::ExtensionObject(_)));
    match encoding {
        (0, "Default Binary") if is_structure => Ok(()),
        _ if is_structure => Err(StatusCode::BadDataEncodingUnsupported),
        _ => Err(StatusCode::BadDataEncodingInvalid),
    }
}
