//! Prints the address space as clients will see it: for `cellhouse nodes`.

use std::io::{self, Write};

use opcua_types::{AttributeId, NodeClass, Variant};

use crate::access::Roles;
use crate::tag::{DeviceIndex, Row};
use crate::ua::space::reference::Reference;
use crate::ua::space::{NodeRef, Space};

/// Form of the print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// An indented tree, for people.
    Tree,
    /// One line per node.
    Csv,
    /// NodeSet2 XML of the instances (Part 6, Annex F).
    NodeSet,
}

/// Writes every instance to `out`, parents before children.
pub fn export(space: &Space, format: Format, out: &mut dyn Write) -> io::Result<()> {
    let exporter = Exporter { space };
    exporter.head(format, out)?;
    for root in 0..space.table.devices().len() as u32 {
        if space.table.device(DeviceIndex(root)).parent.is_none() {
            exporter.node(NodeRef::Device(DeviceIndex(root)), 0, format, out)?;
        }
    }
    if format == Format::NodeSet {
        writeln!(out, "</UANodeSet>")?;
    }
    Ok(())
}

struct Exporter<'a> {
    space: &'a Space,
}

impl Exporter<'_> {
    fn head(&self, format: Format, out: &mut dyn Write) -> io::Result<()> {
        match format {
            Format::Tree => Ok(()),
            Format::Csv => {
                writeln!(out, "NodeId,NodeClass,Type,DataType,Unit,Low,High,Writable,Description")
            }
            Format::NodeSet => {
                writeln!(out, r#"<?xml version="1.0" encoding="utf-8"?>"#)?;
                writeln!(
                    out,
                    r#"<UANodeSet xmlns="http://opcfoundation.org/UA/2011/03/UANodeSet.xsd">"#
                )?;
                writeln!(out, "  <NamespaceUris>")?;
                for uri in self.space.namespaces().iter().skip(1) {
                    writeln!(out, "    <Uri>{}</Uri>", escaped(uri))?;
                }
                writeln!(out, "  </NamespaceUris>")
            }
        }
    }

    /// One node and what hangs below it. Depth is that of our own templates.
    fn node(
        &self,
        node: NodeRef,
        depth: usize,
        format: Format,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let references = self.space.references(node);
        match format {
            Format::Tree => self.tree(node, depth, out)?,
            Format::Csv => self.csv(node, out)?,
            Format::NodeSet => self.xml(node, &references, out)?,
        }
        // All conditions of a type have the same members: one line stands for them.
        if format == Format::Tree && matches!(node, NodeRef::Alarm(..)) {
            return Ok(());
        }
        let known = self.space.graph.known;
        let aggregates = |kind: u32| {
            kind == known.organizes || self.space.graph.is_subtype(kind, known.aggregates)
        };
        for reference in references.iter().filter(|it| it.is_forward && aggregates(it.kind)) {
            if !matches!(reference.target, NodeRef::Static(_)) {
                self.node(reference.target, depth + 1, format, out)?;
            }
        }
        Ok(())
    }

    fn row(&self, node: NodeRef) -> Option<&'static Row> {
        self.space.tag(node).map(|tag| self.space.table.row(tag).1)
    }

    fn range(&self, node: NodeRef) -> Option<(f64, f64)> {
        self.space.tag(node).and_then(|tag| self.space.table.range(tag))
    }

    fn type_name(&self, node: NodeRef) -> String {
        let kind = self.space.type_definition(node);
        kind.map_or_else(String::new, |it| {
            self.space.browse_name(NodeRef::Static(it)).1.into_owned()
        })
    }

    fn data_type(&self, node: NodeRef) -> String {
        let id = self.space.data_type(node);
        let found = id.and_then(|it| self.space.resolve(&(&it).into()));
        found.map_or_else(String::new, |it| self.space.browse_name(it).1.into_owned())
    }

    fn tree(&self, node: NodeRef, depth: usize, out: &mut dyn Write) -> io::Result<()> {
        let class = self.space.class(node);
        // Properties are for machines; people see unit and range behind the name.
        let is_property = self.type_name(node) == "PropertyType";
        if is_property {
            return Ok(());
        }
        let name = self.space.browse_name(node).1;
        write!(out, "{:indent$}{name}", "", indent = depth * 2)?;
        match class {
            NodeClass::Method => write!(out, "()")?,
            NodeClass::Object => write!(out, "  {}", self.type_name(node))?,
            _ => {
                let unit = self.row(node).and_then(|it| it.unit).map_or("", |it| it.symbol);
                write!(out, "  {} {unit}", self.data_type(node))?;
                if let Some((low, high)) = self.range(node) {
                    write!(out, " {low}..{high}")?;
                }
                if self.row(node).is_some_and(|it| it.setpoint.is_some()) {
                    write!(out, "  writable")?;
                }
            }
        }
        writeln!(out)
    }

    fn csv(&self, node: NodeRef, out: &mut dyn Write) -> io::Result<()> {
        let row = self.row(node);
        let unit = row.and_then(|it| it.unit).map_or("", |it| it.symbol);
        let (low, high) = self.range(node).map_or((String::new(), String::new()), |(low, high)| {
            (low.to_string(), high.to_string())
        });
        let writable = row.filter(|it| it.setpoint.is_some()).map_or("", |it| it.access.name());
        let id = self.space.node_id(node);
        let class = format!("{:?}", self.space.class(node));
        let fields = [
            &id.to_string(),
            &class,
            &self.type_name(node),
            &self.data_type(node),
            unit,
            &low,
            &high,
            writable,
            &self.description(node),
        ];
        writeln!(out, "{}", fields.map(quoted).join(","))
    }

    fn description(&self, node: NodeRef) -> String {
        let found = self.space.attribute(node, AttributeId::Description, Roles::NONE);
        match found {
            Ok(Variant::LocalizedText(text)) => text.text.as_ref().to_owned(),
            _ => String::new(),
        }
    }

    fn xml(&self, node: NodeRef, references: &[Reference], out: &mut dyn Write) -> io::Result<()> {
        let element = match self.space.class(node) {
            NodeClass::Object => "UAObject",
            NodeClass::Method => "UAMethod",
            _ => "UAVariable",
        };
        let (namespace, name) = self.space.browse_name(node);
        let id = self.xml_id(node);
        write!(out, r#"  <{element} NodeId="{id}" BrowseName="{namespace}:{}""#, escaped(&name))?;
        if element == "UAVariable" {
            self.xml_variable(node, out)?;
        }
        writeln!(out, ">")?;
        let display_name = self.space.display_name(node).1;
        writeln!(out, "    <DisplayName>{}</DisplayName>", escaped(&display_name))?;
        let description = self.description(node);
        if !description.is_empty() {
            writeln!(out, "    <Description>{}</Description>", escaped(&description))?;
        }
        writeln!(out, "    <References>")?;
        for reference in references {
            let kind = self.space.node_id(NodeRef::Static(reference.kind));
            let forward = if reference.is_forward { "" } else { r#" IsForward="false""# };
            let target = self.xml_id(reference.target);
            writeln!(
                out,
                r#"      <Reference ReferenceType="{kind}"{forward}>{target}</Reference>"#
            )?;
        }
        writeln!(out, "    </References>\n  </{element}>")
    }

    fn xml_variable(&self, node: NodeRef, out: &mut dyn Write) -> io::Result<()> {
        if let Some(id) = self.space.data_type(node) {
            write!(out, r#" DataType="{id}""#)?;
        }
        let rank = self.space.attribute(node, AttributeId::ValueRank, Roles::NONE);
        if let Ok(Variant::Int32(rank)) = rank
            && rank != -1
        {
            write!(out, r#" ValueRank="{rank}""#)?;
        }
        if self.row(node).is_some_and(|it| it.setpoint.is_some()) {
            write!(out, r#" AccessLevel="3""#)?;
        }
        Ok(())
    }

    fn xml_id(&self, node: NodeRef) -> String {
        escaped(&self.space.node_id(node).to_string())
    }
}

/// A CSV field (RFC 4180).
fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
