#!/usr/bin/env python3
"""Makes conformance.xml, the fixture that conformance tools ask for: nodes of every type, rank, right and class.

    python3 nodeset/conformance.py            writes nodeset/conformance.xml
    python3 nodeset/conformance.py --check    says whether the file is what this script makes

NodeIds are strings such as `Scalar.Int32`; tools and our own runner know them, so they stay as they are.
"""

import base64
import pathlib
import sys
from xml.sax.saxutils import escape

URI = "urn:cellhouse:conformance"
FILE = pathlib.Path(__file__).with_name("conformance.xml")
STAMP = "2026-11-24T00:00:00Z"

ORGANIZES, TYPE, PROPERTY, COMPONENT, SUBTYPE = "i=35", "i=40", "i=46", "i=47", "i=45"
FOLDER, OBJECT, VARIABLE, PROPERTY_TYPE = "i=61", "i=58", "i=63", "i=68"
READ, WRITE, HISTORY_READ, HISTORY_WRITE = 1, 2, 4, 8
DISPLAY_NAME = 64


def xml_bytes(data):
    return base64.b64encode(data).decode()


def node_id(text):
    return f"<uax:Identifier>{text}</uax:Identifier>"


def structure(type_id, name, fields):
    return (
        f"<uax:TypeId>{node_id(type_id)}</uax:TypeId>"
        f'<uax:Body><{name} xmlns="http://opcfoundation.org/UA/2008/02/Types.xsd">{fields}</{name}></uax:Body>'
    )


def text_fields(text):
    return f"<Locale>en</Locale><Text>{text}</Text>"


def range_of(low, high):
    return structure("i=885", "Range", f"<Low>{low}</Low><High>{high}</High>")


CELSIUS = structure(
    "i=888",
    "EUInformation",
    "<NamespaceUri>http://www.opcfoundation.org/UA/units/un/cefact</NamespaceUri><UnitId>4408652</UnitId>"
    f"<DisplayName>{text_fields('°C')}</DisplayName><Description>{text_fields('degree Celsius')}</Description>",
)


def axis(title, low, high):
    unit = CELSIUS[CELSIUS.index("<NamespaceUri>") : CELSIUS.index("</EUInformation>")]
    return structure(
        "i=12081",
        "AxisInformation",
        f"<EngineeringUnits>{unit}</EngineeringUnits><EURange><Low>{low}</Low><High>{high}</High></EURange>"
        f"<Title>{text_fields(title)}</Title><AxisScaleType>Linear_0</AxisScaleType><AxisSteps/>",
    )


def guid(number):
    return f"<uax:String>00000000-0000-4000-8000-{number:012d}</uax:String>"


def localized(text):
    return f"<uax:Locale>en</uax:Locale><uax:Text>{text}</uax:Text>"


# Name, DataType, XML element of the Variant, text of the value number n from 0.
TYPES = [
    ("Boolean", "i=1", "Boolean", lambda n: "true" if n % 2 == 0 else "false"),
    ("SByte", "i=2", "SByte", lambda n: str(n - 2)),
    ("Byte", "i=3", "Byte", str),
    ("Int16", "i=4", "Int16", lambda n: str(n - 2)),
    ("UInt16", "i=5", "UInt16", str),
    ("Int32", "i=6", "Int32", lambda n: str(n - 2)),
    ("UInt32", "i=7", "UInt32", str),
    ("Int64", "i=8", "Int64", lambda n: str(n - 2)),
    ("UInt64", "i=9", "UInt64", str),
    ("Float", "i=10", "Float", lambda n: str(n + 0.5)),
    ("Double", "i=11", "Double", lambda n: str(n + 0.25)),
    ("String", "i=12", "String", lambda n: f"text {n}"),
    ("DateTime", "i=13", "DateTime", lambda n: f"2026-11-24T00:00:0{n % 10}Z"),
    ("Guid", "i=14", "Guid", guid),
    ("ByteString", "i=15", "ByteString", lambda n: xml_bytes(bytes([n, n + 1, n + 2]))),
    ("XmlElement", "i=16", "XmlElement", lambda n: f"<number>{n}</number>"),
    ("NodeId", "i=17", "NodeId", lambda n: node_id(f"i={85 + n}")),
    ("ExpandedNodeId", "i=18", "ExpandedNodeId", lambda n: node_id(f"i={85 + n}")),
    ("StatusCode", "i=19", "StatusCode", lambda n: f"<uax:Code>{(0, 2147483648)[n % 2]}</uax:Code>"),
    ("QualifiedName", "i=20", "QualifiedName",
     lambda n: f"<uax:NamespaceIndex>0</uax:NamespaceIndex><uax:Name>name {n}</uax:Name>"),
    ("LocalizedText", "i=21", "LocalizedText", lambda n: localized(f"text {n}")),
    ("Duration", "i=290", "Double", lambda n: str(n * 1000.0)),
    ("UtcTime", "i=294", "DateTime", lambda n: f"2026-11-24T00:00:0{n % 10}Z"),
    ("LocaleId", "i=295", "String", lambda n: ("en", "de", "zh-CN")[n % 3]),
    ("ImageBMP", "i=2000", "ByteString", lambda n: xml_bytes(b"BM" + bytes([n]))),
    ("ImageGIF", "i=2001", "ByteString", lambda n: xml_bytes(b"GIF89a" + bytes([n]))),
    ("ImageJPG", "i=2002", "ByteString", lambda n: xml_bytes(b"\xff\xd8\xff" + bytes([n]))),
    ("ImagePNG", "i=2003", "ByteString", lambda n: xml_bytes(b"\x89PNG" + bytes([n]))),
    ("Enumeration", "ns=1;s=Type.Choice", "Int32", lambda n: str(n % 3)),
    ("Number", "i=26", "Double", lambda n: str(n + 0.25)),
    ("Integer", "i=27", "Int32", str),
    ("UInteger", "i=28", "UInt32", str),
    ("Variant", "i=24", "Double", lambda n: str(n + 0.25)),
    ("Structure", "i=884", "ExtensionObject", lambda n: range_of(n, n + 10)),
]
NUMERIC = [it for it in TYPES if it[0] in (
    "SByte", "Byte", "Int16", "UInt16", "Int32", "UInt32", "Int64", "UInt64", "Float", "Double")]
INTEGERS = [it for it in NUMERIC if it[0] not in ("Float", "Double")]


def scalar(element, text):
    return f"<uax:{element}>{text}</uax:{element}>"


def array(element, texts):
    inside = "".join(scalar(element, it) for it in texts)
    return f"<uax:ListOf{element}>{inside}</uax:ListOf{element}>"


class Fixture:
    """The nodes, in the order of the file."""

    def __init__(self):
        self.nodes = []

    def node(self, element, name, references, attributes="", inside="", browse=None, description=None):
        browse = browse or f"1:{name.rsplit('.', 1)[-1]}"
        shown = escape(browse.split(":", 1)[-1])
        about = f"<Description>{escape(description)}</Description>" if description else ""
        lines = "".join(
            f'<Reference ReferenceType="{kind}"{"" if forward else " IsForward=" + chr(34) + "false" + chr(34)}>'
            f"{target}</Reference>"
            for kind, forward, target in references
        )
        self.nodes.append(
            f'  <{element} NodeId="ns=1;s={name}" BrowseName="{browse}"{attributes}>'
            f"<DisplayName>{shown}</DisplayName>{about}<References>{lines}</References>{inside}</{element}>"
        )
        return f"ns=1;s={name}"

    def folder(self, name, parent, kind=FOLDER):
        return self.node("UAObject", name, [(TYPE, True, kind), (ORGANIZES, False, parent)])

    def variable(self, name, parent, data_type, value, rank=-1, kind=VARIABLE, by=COMPONENT, access=READ | WRITE,
                 user_access=None, dimensions=None, mask=0, browse=None, description=None, is_kept=False,
                 restrictions=0, permissions=()):
        attributes = f' DataType="{data_type}" AccessLevel="{access}"'
        attributes += f' UserAccessLevel="{access if user_access is None else user_access}"'
        if rank != -1:
            attributes += f' ValueRank="{rank}"'
        if dimensions:
            attributes += f' ArrayDimensions="{dimensions}"'
        if mask:
            attributes += f' WriteMask="{mask}" UserWriteMask="{mask}"'
        if is_kept:
            attributes += ' Historizing="true"'
        if restrictions:
            attributes += f' AccessRestrictions="{restrictions}"'
        inside = "".join(f'<RolePermission Permissions="{bits}">{role}</RolePermission>' for role, bits in permissions)
        inside = f"<RolePermissions>{inside}</RolePermissions>" if inside else ""
        inside += f"<Value>{value}</Value>" if value else ""
        references = [(TYPE, True, kind), (by, False, parent)]
        return self.node("UAVariable", name, references, attributes, inside, browse, description)

    def property(self, owner, name, data_type, value, rank=-1, access=READ):
        """A property of namespace 0's name below the node `owner`."""
        full = f"{owner}.{name}"
        return self.variable(full, f"ns=1;s={owner}", data_type, value, rank, PROPERTY_TYPE, PROPERTY, access,
                             dimensions="0" if rank == 1 else None, browse=f"0:{name}")


def ranks(fixture, root):
    for group, suffix in (("Scalar", ""), ("Array", ""), ("Matrix", "")):
        parent = fixture.folder(group, root)
        for name, data_type, element, text in TYPES:
            if group == "Scalar":
                fixture.variable(f"{group}.{name}{suffix}", parent, data_type, scalar(element, text(0)))
            elif group == "Array":
                value = array(element, [text(n) for n in range(6)])
                fixture.variable(f"{group}.{name}", parent, data_type, value, 1, dimensions="0")
            else:
                # Few readers of NodeSets know a matrix: the server makes its first value.
                fixture.variable(f"{group}.{name}", parent, data_type, None, 2, dimensions="0,0")


def data_access(fixture, root):
    items = fixture.folder("DataItem", root)
    for name, data_type, element, text in TYPES:
        own = f"DataItem.{name}"
        fixture.variable(own, items, data_type, scalar(element, text(0)), kind="i=2365")
        fixture.property(own, "Definition", "i=12", scalar("String", "as written"))
        fixture.property(own, "ValuePrecision", "i=11", scalar("Double", "2"))
    for group, rank in (("Analog", -1), ("AnalogArray", 1)):
        parent = fixture.folder(group, root)
        for name, data_type, element, text in NUMERIC:
            own = f"{group}.{name}"
            value = scalar(element, text(2)) if rank == -1 else array(element, [text(n) for n in range(6)])
            fixture.variable(own, parent, data_type, value, rank, "i=2368", dimensions="0" if rank == 1 else None)
            object_of = lambda inside: scalar("ExtensionObject", inside)
            fixture.property(own, "EURange", "i=884", object_of(range_of(0, 100)), access=READ | WRITE)
            fixture.property(own, "InstrumentRange", "i=884", object_of(range_of(-10, 120)))
            fixture.property(own, "EngineeringUnits", "i=887", object_of(CELSIUS), access=READ | WRITE)
    discrete(fixture, root)
    array_items(fixture, root)


def discrete(fixture, root):
    parent = fixture.folder("Discrete", root)
    own = "Discrete.TwoState"
    fixture.variable(own, parent, "i=1", scalar("Boolean", "true"), kind="i=2373")
    fixture.property(own, "TrueState", "i=21", scalar("LocalizedText", localized("open")))
    fixture.property(own, "FalseState", "i=21", scalar("LocalizedText", localized("closed")))
    words = ["stopped", "heating", "producing"]
    for name, data_type, element, _ in INTEGERS:
        value = scalar(element, "1")
        own = f"Discrete.MultiState{name}"
        if name.startswith("U") or name == "Byte":
            fixture.variable(own, parent, data_type, value, kind="i=2376")
            fixture.property(own, "EnumStrings", "i=21", array("LocalizedText", [localized(it) for it in words]), 1)
        own = f"Discrete.MultiStateValue{name}"
        fixture.variable(own, parent, data_type, value, kind="i=11238")
        values = [
            structure("i=7616", "EnumValueType",
                      f"<Value>{number}</Value><DisplayName>{text_fields(word)}</DisplayName><Description/>")
            for number, word in ((1, "stopped"), (2, "heating"), (4, "producing"))
        ]
        fixture.property(own, "EnumValues", "i=7594", array("ExtensionObject", values), 1)
        fixture.property(own, "ValueAsText", "i=21", scalar("LocalizedText", localized("stopped")))


def array_items(fixture, root):
    parent = fixture.folder("ArrayItem", root)
    numbers = [str(n + 0.5) for n in range(6)]
    points = [structure("i=12082", "XVType", f"<X>{n}</X><Value>{n}.5</Value>") for n in range(6)]
    kinds = [
        ("Y", "i=12029", "i=11", 1, array("Double", numbers), ["X"]),
        ("XY", "i=12038", "i=12080", 1, array("ExtensionObject", points), ["X"]),
        ("Image", "i=12047", "i=11", 2, None, ["X", "Y"]),
        ("Cube", "i=12057", "i=11", 3, None, ["X", "Y", "Z"]),
        ("NDimension", "i=12068", "i=11", 2, None, None),
    ]
    for name, kind, data_type, rank, value, axes in kinds:
        own = f"ArrayItem.{name}"
        fixture.variable(own, parent, data_type, value, rank, kind, dimensions=",".join("0" * rank))
        fixture.property(own, "Title", "i=21", scalar("LocalizedText", localized(name)))
        fixture.property(own, "EURange", "i=884", scalar("ExtensionObject", range_of(0, 100)), access=READ | WRITE)
        fixture.property(own, "EngineeringUnits", "i=887", scalar("ExtensionObject", CELSIUS), access=READ | WRITE)
        fixture.property(own, "AxisScaleType", "i=12077", scalar("Int32", "0"))
        for each in axes or []:
            fixture.property(own, f"{each}AxisDefinition", "i=12079",
                             scalar("ExtensionObject", axis(each, 0, 10)))
        if axes is None:
            definitions = [axis(each, 0, 10) for each in ("X", "Y")]
            fixture.property(own, "AxisDefinition", "i=12079", array("ExtensionObject", definitions), 1)


def rights(fixture, root):
    parent = fixture.folder("Access", root)
    value = scalar("Double", "1")
    fixture.variable("Access.ReadOnly", parent, "i=11", value, access=READ)
    fixture.variable("Access.WriteOnly", parent, "i=11", value, access=WRITE)
    fixture.variable("Access.None", parent, "i=11", value, access=0)
    fixture.variable("Access.ReadByOperator", parent, "i=11", value, user_access=WRITE,
                     description="Read by an Operator and above only.")
    fixture.variable("Access.WriteByOperator", parent, "i=11", value, user_access=READ,
                     description="Written by an Operator and above only.")
    fixture.variable("Access.DisplayName", parent, "i=11", value, mask=DISPLAY_NAME)
    fixture.variable("Access.Null", parent, "i=12", scalar("String", "never null"))


def permissions(fixture, root):
    """Nodes that say themselves who may do what, and over which channels (Part 3, 8.55 and 8.56)."""
    parent = fixture.folder("Permissions", root)
    value = scalar("Double", "1")
    anybody, engineers, administrators = ("i=15644", "i=15656"), "i=16036", "i=15704"
    browse, see_permissions, read, write = 1, 2, 32, 64
    more = [(engineers, browse | read | write), (administrators, browse | see_permissions)]
    fixture.variable("Permissions.BrowseOnly", parent, "i=11", value, permissions=[(it, browse) for it in anybody] + more,
                     description="Everybody sees it, engineers read it.")
    fixture.variable("Permissions.ReadOnly", parent, "i=11", value, permissions=[(it, read) for it in anybody] + more,
                     description="Everybody reads it, engineers see it.")
    fixture.variable("Permissions.Signed", parent, "i=11", value, restrictions=1)
    fixture.variable("Permissions.Encrypted", parent, "i=11", value, restrictions=2)
    fixture.variable("Permissions.Hidden", parent, "i=11", value, restrictions=2 | 8)


def references(fixture, root):
    parent = fixture.folder("Reference", root)
    hub = fixture.folder("Reference.Hub", parent)
    for name in ("One", "Two", "Three"):
        fixture.variable(f"Reference.Hub.{name}", hub, "i=6", scalar("Int32", "0"))
        fixture.variable(f"Reference.Hub.Property{name}", hub, "i=6", scalar("Int32", "0"), kind=PROPERTY_TYPE,
                         by=PROPERTY)
        fixture.folder(f"Reference.Hub.Folder{name}", hub)
        fixture.node("UAObject", f"Reference.Into{name}", [
            (TYPE, True, OBJECT), (COMPONENT, False, parent), ("ns=1;s=Type.Feeds", True, hub),
            (ORGANIZES, True, hub)])
    deep = parent
    for level in range(1, 12):
        deep = fixture.folder(f"Reference.Deep{level}", deep)


def types(fixture):
    fixture.node("UAReferenceType", "Type.Feeds", [(SUBTYPE, False, "i=32")],
                 inside="<InverseName>FedBy</InverseName>")
    fixture.node("UAObjectType", "Type.Object", [(SUBTYPE, False, OBJECT)])
    fixture.node("UAVariableType", "Type.Variable", [(SUBTYPE, False, VARIABLE)], ' DataType="i=11"')
    fields = "".join(f'<Field Name="{name}" Value="{number}"/>'
                     for number, name in enumerate(("Off", "On", "Auto")))
    choice = fixture.node("UADataType", "Type.Choice", [(SUBTYPE, False, "i=29")],
                          inside=f'<Definition Name="1:Choice">{fields}</Definition>')
    fixture.variable("Type.Choice.EnumStrings", choice, "i=21",
                     array("LocalizedText", [localized(it) for it in ("Off", "On", "Auto")]), 1, PROPERTY_TYPE,
                     PROPERTY, READ, dimensions="0", browse="0:EnumStrings")


def argument(name, data_type, rank=-1):
    sizes = "<ArrayDimensions/>" if rank == -1 else "<ArrayDimensions><UInt32>0</UInt32></ArrayDimensions>"
    return structure(
        "i=297", "Argument",
        f"<Name>{name}</Name><DataType><Identifier>{data_type}</Identifier></DataType>"
        f"<ValueRank>{rank}</ValueRank>{sizes}<Description/>")


def methods(fixture, root):
    parent = fixture.folder("Method", root, OBJECT)
    table = [
        ("Nothing", [], []),
        ("In", [argument("Value", "i=11")], []),
        ("Out", [], [argument("Value", "i=11")]),
        ("Add", [argument("One", "i=11"), argument("Other", "i=11")], [argument("Sum", "i=11")]),
        ("Percent", [argument("Share", "i=11")], []),
        ("Several", [argument("Flag", "i=1"), argument("Number", "i=6"), argument("Text", "i=12")],
         [argument("Text", "i=12"), argument("Number", "i=6"), argument("Flag", "i=1")]),
        ("Reverse", [argument("Numbers", "i=6", 1)], [argument("Reversed", "i=6", 1)]),
        ("Structure", [argument("Range", "i=884")], [argument("Range", "i=884")]),
        ("Slow", [argument("Seconds", "i=11")], []),
        ("NotExecutable", [], []),
    ]
    for name, inputs, outputs in table:
        own = f"Method.{name}"
        executable = ' Executable="false" UserExecutable="false"' if name == "NotExecutable" else ""
        fixture.node("UAMethod", own, [(COMPONENT, False, parent)], executable)
        for which, arguments in (("InputArguments", inputs), ("OutputArguments", outputs)):
            if arguments:
                fixture.property(own, which, "i=296", array("ExtensionObject", arguments), 1)


def events(fixture, root):
    parent = fixture.folder("Event", root)
    fixture.variable("Event.Trigger", parent, "i=7", scalar("UInt32", "0"),
                     description="A write raises one BaseEvent with the number as its severity, 1 to 1000.")


def history(fixture, root):
    """Variables with a history. What is written is recorded; a client may change it all."""
    parent = fixture.folder("History", root)
    both = READ | WRITE | HISTORY_READ | HISTORY_WRITE

    def kept(name, kind="Double", rank=-1, access=both, user_access=READ | WRITE | HISTORY_READ, description=None):
        _, data_type, element, text = next(it for it in TYPES if it[0] == kind)
        value = scalar(element, text(0)) if rank == -1 else array(element, [text(n) for n in range(6)])
        fixture.variable(f"History.{name}", parent, data_type, value, rank, access=access, user_access=user_access,
                         dimensions="0" if rank == 1 else None, description=description, is_kept=True)

    def annotations(name):
        fixture.variable(f"History.{name}.Annotations", f"ns=1;s=History.{name}", "i=891", None, kind=PROPERTY_TYPE,
                         by=PROPERTY, access=READ | HISTORY_READ | HISTORY_WRITE, user_access=READ | HISTORY_READ,
                         browse="0:Annotations")

    kept("Double")
    annotations("Double")
    for kind in ("Int32", "Float", "Boolean", "String", "DateTime"):
        kept(kind, kind)
    kept("DoubleArray", rank=1)
    kept("BooleanArray", "Boolean", rank=1)
    kept("ReadOnly", access=READ | WRITE | HISTORY_READ, description="Its history cannot be changed.")
    kept("ReadByOperator", user_access=READ | WRITE, description="Its history is for an Operator and above only.")
    alone = "Its history holds the samples of one case, and no others before or behind them."
    for name in ("Bounds", "Instants", "Many", "Regular", "Scattered"):
        kept(name, description=alone)
    annotations("Regular")
    kept("States", "Boolean", description=alone)


def make():
    fixture = Fixture()
    root = fixture.node("UAObject", "Conformance", [(TYPE, True, FOLDER), (ORGANIZES, False, "i=85")])
    types(fixture)
    ranks(fixture, root)
    data_access(fixture, root)
    rights(fixture, root)
    permissions(fixture, root)
    references(fixture, root)
    methods(fixture, root)
    events(fixture, root)
    history(fixture, root)
    head = (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        "<!-- Made by conformance.py: change that, not this. -->\n"
        '<UANodeSet xmlns="http://opcfoundation.org/UA/2011/03/UANodeSet.xsd" '
        f'xmlns:uax="http://opcfoundation.org/UA/2008/02/Types.xsd" LastModified="{STAMP}">\n'
        f"  <NamespaceUris><Uri>{URI}</Uri></NamespaceUris>\n"
        f'  <Models><Model ModelUri="{URI}" Version="1.0.0" PublicationDate="{STAMP}">'
        '<RequiredModel ModelUri="http://opcfoundation.org/UA/" Version="1.05.04"/></Model></Models>\n'
    )
    return head + "\n".join(fixture.nodes) + "\n</UANodeSet>\n"


def main():
    text = make()
    if "--check" in sys.argv[1:]:
        if not FILE.exists() or FILE.read_text(encoding="utf-8") != text:
            sys.exit("nodeset/conformance.xml is not what nodeset/conformance.py makes: run the script")
        return
    FILE.write_text(text, encoding="utf-8")


main()
