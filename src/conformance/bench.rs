//! What a case works with: the server's URL, fresh connections, and what is known of the server.

use std::path::PathBuf;
use std::sync::OnceLock;

use opcua_types::{
    AttributeId, DataValue, EndpointDescription, GetEndpointsRequest, GetEndpointsResponse, NodeId,
    NumericRange, QualifiedName, ReadRequest, ReadResponse, ReadValueId, TimestampsToReturn,
    Variant,
};

use crate::conformance::Stop;
use crate::conformance::alarm::Fixture;
use crate::conformance::expect::good;
use crate::conformance::link::Link;
use crate::conformance::material::Material;
use crate::conformance::secure::{Offer, Opening};
use crate::conformance::wallet::{Identity, Wallet};

/// What the runner is told.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `opc.tcp://host:port`.
    pub url: String,
    /// Only cases whose id contains this.
    pub only: Option<String>,
    /// Variables outside the fixture may be written too; each is given its value back.
    pub may_write: bool,
    /// Where the runner's keys and certificates are kept between runs.
    pub pki: Option<PathBuf>,
    /// A user of the server's.
    pub user: Option<User>,
}

/// A user of the server's and the password.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// Name.
    pub name: String,
    /// Password.
    pub password: String,
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "User({}, ***)", self.name)
    }
}

/// One server on the bench.
#[derive(Debug)]
pub struct Bench {
    /// What the runner was told.
    pub options: Options,
    material: OnceLock<Result<Material, Stop>>,
    alarm_fixture: OnceLock<Result<Fixture, Stop>>,
    wallet: OnceLock<Result<Wallet, Stop>>,
    offers: OnceLock<Result<Vec<Offer>, Stop>>,
    trusted: OnceLock<Result<(), Stop>>,
    all_trusted: OnceLock<Result<(), Stop>>,
}

impl Bench {
    /// A server to be looked at.
    pub fn new(options: Options) -> Self {
        Self {
            options,
            material: OnceLock::new(),
            alarm_fixture: OnceLock::new(),
            wallet: OnceLock::new(),
            offers: OnceLock::new(),
            trusted: OnceLock::new(),
            all_trusted: OnceLock::new(),
        }
    }

    /// Whether there is a server that an anonymous client may talk to without security; if not, why.
    /// Makes the runner's certificates where a folder for them was named.
    pub fn check(&self) -> Result<(), String> {
        if self.options.pki.is_some() {
            self.wallet().map_err(|it| match it {
                Stop::Failed(why) | Stop::Skipped(why) => why,
            })?;
        }
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

    /// Conditions that a client can bring about.
    pub(super) fn alarm_fixture(&self) -> Result<&Fixture, Stop> {
        let found = self.alarm_fixture.get_or_init(|| Fixture::find(self));
        found.as_ref().map_err(Clone::clone)
    }

    /// The runner's keys and certificates.
    pub(super) fn wallet(&self) -> Result<&Wallet, Stop> {
        let wallet = self.wallet.get_or_init(|| Wallet::open(self.options.pki.as_deref()));
        wallet.as_ref().map_err(Clone::clone)
    }

    /// Every secured endpoint whose policy the runner speaks.
    pub(super) fn offers(&self) -> Result<&[Offer], Stop> {
        let offers = self.offers.get_or_init(|| {
            let found: Vec<Offer> = self.endpoints()?.into_iter().filter_map(Offer::of).collect();
            if found.is_empty() {
                return Err(Stop::skipped("the server has no secured endpoint of a known policy"));
            }
            Ok(found)
        });
        offers.as_ref().map(Vec::as_slice).map_err(Clone::clone)
    }

    /// The secured endpoint that most cases use: one that encrypts with RSA, if there is one.
    pub(super) fn offer(&self) -> Result<&Offer, Stop> {
        let offers = self.offers()?;
        let usual = |it: &&Offer| it.encrypts() && !it.policy.is_elliptic();
        let best = offers.iter().find(usual).or(offers.first());
        best.ok_or_else(|| Stop::skipped("the server has no secured endpoint"))
    }

    /// The runner's own identity, if the server trusts it.
    pub(super) fn runner(&self) -> Result<Identity, Stop> {
        self.trusted.get_or_init(|| self.is_trusted("runner")).clone()?;
        Ok(self.wallet()?.identity("runner"))
    }

    /// All of the runner's certificates, if the server trusts those it should.
    pub(super) fn trusted_wallet(&self) -> Result<&Wallet, Stop> {
        self.all_trusted.get_or_init(|| self.is_trusted("other")).clone()?;
        self.wallet()
    }

    fn is_trusted(&self, name: &str) -> Result<(), Stop> {
        let who = self.wallet()?.identity(name);
        let mut link = Link::greeted(&self.options.url, self.offer()?, &who)?;
        match link.open_with(&Opening::default()) {
            Ok(_) => Ok(()),
            Err(Stop::Skipped(why)) => Err(Stop::Skipped(why)),
            Err(Stop::Failed(why)) => Err(Stop::Skipped(self.advice(name, &why))),
        }
    }

    fn advice(&self, name: &str, why: &str) -> String {
        let what = if name == "runner" {
            "the certificates trusted/certs/runner*.der"
        } else {
            "the files of trusted and issuers"
        };
        match &self.options.pki {
            Some(folder) => format!(
                "the server does not trust the runner ({why}): give it {what} in {} and run again",
                folder.display()
            ),
            None => format!(
                "the server does not trust the runner ({why}): run with --pki DIR, give it {what} \
                 in DIR and run again"
            ),
        }
    }

    /// A secured channel of the runner's.
    pub(super) fn open_secured(&self) -> Result<Link, Stop> {
        Link::open_secured(&self.options.url, self.offer()?, &self.runner()?)
    }

    /// An activated anonymous session on a secured channel.
    pub(super) fn secured_session(&self) -> Result<Link, Stop> {
        let mut link = self.open_secured()?;
        good(link.create_session(60_000.0)?, "CreateSession")?;
        good(link.activate()?, "ActivateSession")?;
        Ok(link)
    }

    /// The user whom the runner was given.
    pub(super) fn user(&self) -> Result<&User, Stop> {
        self.options.user.as_ref().ok_or_else(|| {
            Stop::skipped("needs a user of the server's: --user NAME --password-file FILE")
        })
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
