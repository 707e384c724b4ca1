//! What a case works with: the server's URL, fresh connections, and what is known of the server.

use std::sync::OnceLock;

use opcua_types::{
    AttributeId, DataValue, EndpointDescription, GetEndpointsRequest, GetEndpointsResponse, NodeId,
    NumericRange, QualifiedName, ReadRequest, ReadResponse, ReadValueId, TimestampsToReturn,
    Variant,
};

use crate::conformance::Stop;
use crate::conformance::expect::good;
use crate::conformance::link::Link;
use crate::conformance::material::Material;

/// What the runner is told.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `opc.tcp://host:port`.
    pub url: String,
    /// Only cases whose id contains this.
    pub only: Option<String>,
    /// Variables outside the fixture may be written too; each is given its value back.
    pub may_write: bool,
}

/// One server on the bench.
#[derive(Debug)]
pub struct Bench {
    /// What the runner was told.
    pub options: Options,
    material: OnceLock<Result<Material, Stop>>,
}

impl Bench {
    /// A server to be looked at.
    pub fn new(options: Options) -> Self {
        Self { options, material: OnceLock::new() }
    }

    /// Whether there is a server that an anonymous client may talk to without security; if not, why.
    pub fn check(&self) -> Result<(), String> {
        match self.session() {
            Ok(_) => Ok(()),
            Err(Stop::Failed(why) | Stop::Skipped(why)) => Err(format!(
                "{}: {why}; the cases need an endpoint with security None and anonymous users",
                self.options.url
            )),
        }
    }

    /// A connection that has said nothing.
    pub(super) fn connect(&self) -> Result<Link, Stop> {
        Link::connect(&self.options.url)
    }

    /// A connection with an open channel.
    pub(super) fn open(&self) -> Result<Link, Stop> {
        Link::open(&self.options.url)
    }

    /// A connection with an activated anonymous session.
    pub(super) fn session(&self) -> Result<Link, Stop> {
        Link::session(&self.options.url)
    }

    /// What the server has to work with.
    pub(super) fn material(&self) -> Result<&Material, Stop> {
        let found = self.material.get_or_init(|| Material::find(&mut self.session()?));
        found.as_ref().map_err(Clone::clone)
    }

    /// The server's endpoints.
    pub(super) fn endpoints(&self) -> Result<Vec<EndpointDescription>, Stop> {
        let mut link = self.open()?;
        let request = GetEndpointsRequest {
            request_header: link.header(),
            endpoint_url: self.options.url.as_str().into(),
            ..GetEndpointsRequest::default()
        };
        let response: GetEndpointsResponse = good(link.call(&request)?, "GetEndpoints")?;
        Ok(response.endpoints.unwrap_or_default())
    }
}

/// A node of namespace 0.
pub(super) fn standard(number: u32) -> NodeId {
    NodeId::new(0, number)
}

/// An attribute to be read.
pub(super) fn attribute(node: NodeId, attribute: AttributeId) -> ReadValueId {
    ReadValueId {
        node_id: node,
        attribute_id: attribute as u32,
        index_range: NumericRange::None,
        data_encoding: QualifiedName::null(),
    }
}

/// A value to be read.
pub(super) fn value(node: NodeId) -> ReadValueId {
    attribute(node, AttributeId::Value)
}

/// A Read of these.
pub(super) fn read_request(link: &Link, nodes: Vec<ReadValueId>) -> ReadRequest {
    ReadRequest {
        request_header: link.header(),
        max_age: 0.0,
        timestamps_to_return: TimestampsToReturn::Both,
        nodes_to_read: Some(nodes),
    }
}

/// Reads; the service must succeed and give one result for each.
pub(super) fn read(link: &mut Link, nodes: Vec<ReadValueId>) -> Result<Vec<DataValue>, Stop> {
    let count = nodes.len();
    let request = read_request(link, nodes);
    let response: ReadResponse = good(link.call(&request)?, "Read")?;
    let results = response.results.unwrap_or_default();
    if results.len() == count {
        Ok(results)
    } else {
        Err(Stop::unexpected("Read", &format!("{count} results"), results.len()))
    }
}

/// Reads one value, which must be Good.
pub(super) fn read_one(link: &mut Link, node: &NodeId) -> Result<Variant, Stop> {
    let result = read(link, vec![value(node.clone())])?.pop().unwrap_or_default();
    match result.status {
        Some(status) if !status.is_good() => {
            Err(Stop::unexpected(&format!("value of {node}"), "Good", status))
        }
        _ => Ok(result.value.unwrap_or_default()),
    }
}
