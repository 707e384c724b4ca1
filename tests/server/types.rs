//! Types and how variables describe themselves: what a client needs to understand a value (Part 3, Part 5, Part 8).

use std::collections::{BTreeMap, BTreeSet};

use opcua_types::{
    AttributeId, AxisInformation, BrowseDirection, DataValue, EUInformation, NodeClass, NodeId,
    QualifiedName, Range, ReadValueId, ReferenceDescription, StatusCode, Variant,
};

use crate::raw::{Raw, Server, standard, tag};
use crate::values::{read, value};
use crate::view::{below, one};

/// Types that a client may look up, by conformance unit: number and name in namespace 0.
const TYPES: &[(&str, &[(u32, &str)])] = &[
    ("Base Info Rational Number", &[(18_806, "RationalNumber"), (17_709, "RationalNumberType")]),
    ("Base Info NormalizedString DataType", &[(12_877, "NormalizedString")]),
    ("Base Info DecimalString DataType", &[(12_878, "DecimalString")]),
    (
        "Base Info Date DataTypes",
        &[(12_879, "DurationString"), (12_880, "TimeString"), (12_881, "DateString")],
    ),
    ("Base Info BitFieldMaskDataType", &[(11_737, "BitFieldMaskDataType")]),
    ("Base Info KeyValuePair", &[(14_533, "KeyValuePair")]),
    ("Base Info AssociatedWith", &[(24_137, "AssociatedWith")]),
    ("Base Info EUInformation", &[(887, "EUInformation")]),
    ("Base Info OrderedList", &[(23_518, "OrderedListType"), (23_513, "IOrderedObjectType")]),
    ("Base Info Audio Type", &[(16_307, "AudioDataType"), (17_986, "AudioVariableType")]),
    (
        "Base Info Spatial Data",
        &[
            (18_807, "Vector"),
            (18_808, "3DVector"),
            (18_810, "3DCartesianCoordinates"),
            (18_812, "3DOrientation"),
            (18_814, "3DFrame"),
        ],
    ),
    ("Base Info HasOrderedComponent", &[(49, "HasOrderedComponent")]),
    ("Base Info Deprecated Information", &[(23_562, "IsDeprecated")]),
    (
        "Base Info Image DataTypes",
        &[
            (30, "Image"),
            (2000, "ImageBMP"),
            (2001, "ImageGIF"),
            (2002, "ImageJPG"),
            (2003, "ImagePNG"),
        ],
    ),
    (
        "Base Info ContentFilter",
        &[
            (576, "FilterOperator"),
            (583, "ContentFilterElement"),
            (586, "ContentFilter"),
            (589, "FilterOperand"),
            (592, "ElementOperand"),
            (595, "LiteralOperand"),
            (598, "AttributeOperand"),
            (601, "SimpleAttributeOperand"),
        ],
    ),
    (
        "Base Info Base Types",
        &[
            (58, "BaseObjectType"),
            (61, "FolderType"),
            (62, "BaseVariableType"),
            (63, "BaseDataVariableType"),
            (68, "PropertyType"),
            (24, "BaseDataType"),
            (22, "Structure"),
            (26, "Number"),
            (29, "Enumeration"),
            (31, "References"),
            (33, "HierarchicalReferences"),
            (32, "NonHierarchicalReferences"),
        ],
    ),
    (
        "Base Info ServerType",
        &[
            (2004, "ServerType"),
            (2013, "ServerCapabilitiesType"),
            (2020, "ServerDiagnosticsType"),
            (2034, "ServerRedundancyType"),
            (2138, "ServerStatusType"),
        ],
    ),
    ("Base Info OptionSet DataType", &[(12_755, "OptionSet"), (11_487, "OptionSetType")]),
    ("Base Info Range DataType", &[(884, "Range")]),
    ("Base Info UaBinary File", &[(15_006, "UABinaryFileDataType")]),
    ("Base Info StatusResult DataType", &[(299, "StatusResult")]),
    ("Base Info UriString", &[(23_751, "UriString")]),
    ("Base Info Method Argument DataType", &[(296, "Argument")]),
    ("Base Info SemanticVersionString", &[(24_263, "SemanticVersionString")]),
    ("Base Info IsExecutableOn", &[(25_253, "IsExecutableOn")]),
    ("Base Info IsExecutingOn", &[(25_265, "IsExecutingOn")]),
    ("Base Info Controls", &[(25_254, "Controls")]),
    ("Base Info Utilizes", &[(25_255, "Utilizes")]),
    ("Base Info Requires", &[(25_256, "Requires")]),
    ("Base Info IsPhysicallyConnectedTo", &[(25_257, "IsPhysicallyConnectedTo")]),
    ("Base Info RepresentsSameEntityAs", &[(25_258, "RepresentsSameEntityAs")]),
    ("Base Info RepresentsSameHardwareAs", &[(25_259, "RepresentsSameHardwareAs")]),
    ("Base Info RepresentsSameFunctionalityAs", &[(25_260, "RepresentsSameFunctionalityAs")]),
    ("Base Info IsHostedBy", &[(25_261, "IsHostedBy")]),
    ("Base Info HasPhysicalComponent", &[(25_262, "HasPhysicalComponent")]),
    ("Base Info HasContainedComponent", &[(25_263, "HasContainedComponent")]),
    ("Base Info HasAttachedComponent", &[(25_264, "HasAttachedComponent")]),
    (
        "Base Info ReferenceDescription",
        &[(32_659, "ReferenceDescriptionDataType"), (32_660, "ReferenceListEntryDataType")],
    ),
    ("Base Info TrimmedString", &[(31_918, "TrimmedString")]),
    ("Base Info Handle DataType", &[(31_917, "Handle")]),
    ("Base Info Decimal DataType", &[(50, "Decimal")]),
    ("Base Info Portable IDs", &[(24_105, "PortableQualifiedName"), (24_106, "PortableNodeId")]),
];

/// BaseObjectType, BaseVariableType, BaseDataType, References: every type is below one of them.
const ROOTS: [u32; 4] = [58, 62, 24, 31];
/// Folders of the types, and the root of what stands below them.
const FOLDERS: [(u32, u32); 6] =
    [(88, 58), (89, 62), (90, 24), (91, 31), (3048, 2041), (17_708, 17_602)];

fn attribute(node: &NodeId, attribute: AttributeId) -> ReadValueId {
    ReadValueId { node_id: node.clone(), attribute_id: attribute as u32, ..ReadValueId::default() }
}

fn is_good(value: &DataValue) -> bool {
    value.status.is_none_or(|it| it.is_good())
}

/// The types above one, nearest first.
fn above(raw: &mut Raw, node: &NodeId) -> Vec<NodeId> {
    let mut chain = vec![node.clone()];
    while let Some(last) = chain.last()
        && !ROOTS.iter().any(|it| *last == standard(*it))
    {
        let mut upwards = below(last.clone());
        upwards.browse_direction = BrowseDirection::Inverse;
        upwards.reference_type_id = standard(45);
        let found = one(raw, upwards).references.unwrap_or_default();
        assert_eq!(found.len(), 1, "supertypes of {last}");
        chain.push(found[0].node_id.node_id.clone());
        assert!(chain.len() < 20, "{node} has no root");
    }
    chain
}

#[test]
fn types_of_namespace_0_are_shown() {
    let server = Server::start();
    let mut raw = server.session();
    for (folder, root) in FOLDERS {
        let found = one(&mut raw, below(standard(folder))).references.unwrap_or_default();
        assert!(found.iter().any(|it| it.node_id.node_id == standard(root)), "i={folder}");
    }
    for (unit, types) in TYPES {
        for (number, name) in *types {
            let node = standard(*number);
            let wanted = [AttributeId::BrowseName, AttributeId::IsAbstract]
                .map(|it| attribute(&node, it))
                .to_vec();
            let got = read(&mut raw, 0.0, wanted).unwrap();
            let browse_name = Some(Variant::from(QualifiedName::new(0, *name)));
            assert_eq!(got[0].value, browse_name, "{unit}: i={number}");
            let is_abstract = got[1].value == Some(true.into());
            let chain = above(&mut raw, &node);
            let is_described =
                [22, 29].iter().any(|it| it != number && chain.contains(&standard(*it)));
            if is_described && !is_abstract {
                let definition = attribute(&node, AttributeId::DataTypeDefinition);
                let got = read(&mut raw, 0.0, vec![definition]).unwrap();
                assert!(is_good(&got[0]), "{unit}: definition of {name}: {:?}", got[0].status);
            }
        }
    }
}

/// All variables below a node with their types, properties aside.
fn variables(raw: &mut Raw, top: NodeId) -> Vec<(NodeId, NodeId)> {
    let mut found = Vec::new();
    let mut front = vec![top];
    while let Some(node) = front.pop() {
        let references = one(raw, below(node)).references.unwrap_or_default();
        // HasNotifier leads to other devices.
        for it in references.into_iter().filter(|it| it.reference_type_id != standard(48)) {
            let (id, kind) = (it.node_id.node_id, it.type_definition.node_id);
            match it.node_class {
                NodeClass::Object => front.push(id),
                NodeClass::Variable if kind != standard(68) => {
                    front.push(id.clone());
                    found.push((id, kind));
                }
                _ => {}
            }
        }
    }
    found
}

/// Properties of a node and their values, by name.
fn properties(raw: &mut Raw, node: &NodeId) -> BTreeMap<String, Variant> {
    let mut downwards = below(node.clone());
    downwards.reference_type_id = standard(46);
    let found: Vec<ReferenceDescription> = one(raw, downwards).references.unwrap_or_default();
    let values = found.iter().map(|it| value(it.node_id.node_id.clone())).collect();
    let values = if found.is_empty() { Vec::new() } else { read(raw, 0.0, values).unwrap() };
    found
        .into_iter()
        .zip(values)
        .map(|(it, read)| (it.browse_name.name.as_ref().to_owned(), read.value.unwrap()))
        .collect()
}

fn unit_of(properties: &BTreeMap<String, Variant>) -> Option<EUInformation> {
    let Variant::ExtensionObject(object) = properties.get("EngineeringUnits")? else { return None };
    object.inner_as::<EUInformation>().cloned()
}

fn is_text(value: Option<&Variant>) -> bool {
    matches!(value, Some(Variant::LocalizedText(it)) if !it.text.is_empty())
}

#[test]
fn signals_have_units_ranges_and_names_of_their_states() {
    let server = Server::start();
    let mut raw = server.session();
    let mut count = [0; 4];
    for (node, kind) in variables(&mut raw, tag("Line1.EL101")) {
        let Some(number) = kind.as_u32() else { continue };
        let properties = properties(&mut raw, &node);
        let unit = unit_of(&properties);
        let has_unit = unit.is_some_and(|it| !it.display_name.text.is_empty() && it.unit_id != 0);
        match number {
            // AnalogUnitRangeType: a unit and a range.
            17_570 => {
                let range = match properties.get("EURange") {
                    Some(Variant::ExtensionObject(it)) => it.inner_as::<Range>().cloned(),
                    _ => None,
                };
                assert!(has_unit && range.is_some_and(|it| it.low < it.high), "{node}");
                count[0] += 1;
            }
            // AnalogUnitType: a unit.
            17_497 => {
                assert!(has_unit && !properties.contains_key("EURange"), "{node}");
                count[1] += 1;
            }
            // TwoStateDiscreteType: a name for each.
            2373 => {
                let names = ["TrueState", "FalseState"].map(|it| is_text(properties.get(it)));
                assert_eq!(names, [true; 2], "{node}");
                count[2] += 1;
            }
            // MultiStateDiscreteType: the value is a place in EnumStrings.
            2376 => {
                let Some(Variant::Array(names)) = properties.get("EnumStrings") else {
                    panic!("{node} has no EnumStrings");
                };
                let got = read(&mut raw, 0.0, vec![value(node.clone())]).unwrap().remove(0);
                let Some(Variant::UInt32(state)) = got.value else { panic!("{node}: {got:?}") };
                assert!(names.values.iter().all(|it| is_text(Some(it))), "{node}");
                assert!((state as usize) < names.values.len(), "{node} is {state}");
                count[3] += 1;
            }
            _ => {}
        }
    }
    assert!(count.iter().all(|it| *it > 0), "{count:?}");
}

#[test]
fn variables_say_that_access_is_atomic_and_arrays_may_be_written_in_part() {
    let server = Server::start();
    let mut raw = server.session();
    let writable = tag("Line1.EL101.Control.TemperatureSetpoint");
    let nodes = [standard(2258), standard(2255), tag("Line1.EL101.Bath.Temperature"), writable];
    // HistoryRead and HistoryWrite are 4 and 8.
    for (node, level) in nodes.iter().zip([1_u8, 1, 13, 15]) {
        let wanted = [AttributeId::AccessLevel, AttributeId::AccessLevelEx]
            .map(|it| attribute(node, it))
            .to_vec();
        let got = read(&mut raw, 0.0, wanted).unwrap();
        assert_eq!(got[0].value, Some(Variant::Byte(level)), "{node}");
        // NonatomicRead, NonatomicWrite and WriteFullArrayOnly are bits 8 to 10 (Part 3, 8.58).
        assert_eq!(got[1].value, Some(Variant::UInt32(u32::from(level))), "{node}");
    }
    let object = attribute(&standard(2253), AttributeId::AccessLevelEx);
    let got = read(&mut raw, 0.0, vec![object]).unwrap();
    assert_eq!(got[0].status, Some(StatusCode::BadAttributeIdInvalid));
}

#[test]
fn every_type_in_use_is_shown_with_what_stands_above_it() {
    let server = Server::with_fixture();
    let mut raw = server.session();
    let mut types = BTreeSet::new();
    for top in [standard(2253), tag("Line1.EL101"), tag("Line1.RF11"), fixture(&mut raw)] {
        let all = variables(&mut raw, top);
        assert!(all.len() > 20);
        // The longest request that a client may send holds no more.
        for part in all.chunks(500) {
            let wanted = part.iter().map(|it| attribute(&it.0, AttributeId::DataType)).collect();
            for (got, (node, kind)) in read(&mut raw, 0.0, wanted).unwrap().iter().zip(part) {
                let Some(Variant::NodeId(id)) = &got.value else { panic!("{node}: {got:?}") };
                types.insert(id.to_string());
                types.insert(kind.to_string());
            }
        }
    }
    assert!(types.len() > 30, "{types:?}");
    for name in types {
        let chain = above(&mut raw, &name.parse().unwrap());
        assert!(ROOTS.iter().any(|it| chain.last() == Some(&standard(*it))), "{name}");
    }
}

/// The fixture's object.
fn fixture(raw: &mut Raw) -> NodeId {
    let objects = one(raw, below(standard(85))).references.unwrap_or_default();
    let mut ids = objects.into_iter().map(|it| it.node_id.node_id);
    ids.find(|it| it.namespace > 3).expect("the fixture below Objects")
}

/// Types of Part 8, the properties that each must have (Part 8, 5.3), and how many the fixture has.
const ITEMS: [(u32, &[&str], usize); 10] = [
    (2365, &["Definition", "ValuePrecision"], 34),
    (2368, &["EURange", "EngineeringUnits", "InstrumentRange"], 20),
    (2373, &["TrueState", "FalseState"], 1),
    (2376, &["EnumStrings"], 4),
    (11_238, &["EnumValues", "ValueAsText"], 8),
    (12_029, &["EURange", "EngineeringUnits", "Title", "AxisScaleType", "XAxisDefinition"], 1),
    (12_038, &["EURange", "EngineeringUnits", "Title", "AxisScaleType", "XAxisDefinition"], 1),
    (12_047, &["EURange", "EngineeringUnits", "XAxisDefinition", "YAxisDefinition"], 1),
    (
        12_057,
        &["EURange", "EngineeringUnits", "XAxisDefinition", "YAxisDefinition", "ZAxisDefinition"],
        1,
    ),
    (12_068, &["EURange", "EngineeringUnits", "AxisDefinition"], 1),
];

/// Axes that a property describes.
fn axes(value: &Variant) -> usize {
    let is_axis = |it: &Variant| matches!(it, Variant::ExtensionObject(it) if it.inner_is::<AxisInformation>());
    match value {
        Variant::Array(array) => array.values.iter().filter(|it| is_axis(it)).count(),
        one => usize::from(is_axis(one)),
    }
}

#[test]
fn the_fixture_has_items_of_data_access_with_their_properties() {
    let server = Server::with_fixture();
    let mut raw = server.session();
    let top = fixture(&mut raw);
    let all = variables(&mut raw, top);
    for (number, wanted, count) in ITEMS {
        let items: Vec<NodeId> =
            all.iter().filter(|it| it.1 == standard(number)).map(|it| it.0.clone()).collect();
        assert_eq!(items.len(), count, "variables of type i={number}");
        for node in items {
            let found = properties(&mut raw, &node);
            let lacks: Vec<&&str> = wanted.iter().filter(|it| !found.contains_key(**it)).collect();
            assert!(lacks.is_empty(), "{node} has no {lacks:?}");
            let got = read(&mut raw, 0.0, vec![value(node.clone())]).unwrap().remove(0);
            let Some(held) = got.value else { panic!("{node}: {:?}", got.status) };
            let described: usize = found.values().map(axes).sum();
            if let (12_029..=12_068, Variant::Array(array)) = (number, &held) {
                let ranks = array.dimensions.as_ref().map_or(1, Vec::len);
                assert_eq!(described, ranks, "axes of {node}");
            }
        }
    }
}
