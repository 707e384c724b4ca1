"""Alarms as nodes: below their equipment, found by their references, counted (AC-30, AC-31)."""

from asyncua import ua

from alarms import ACKNOWLEDGE, ALARM, CONDITION, NAMES, call, call_all, condition, refused, said, write
from plant import eventually

FORWARD = ua.BrowseDirection.Forward
HAS_CONDITION, HAS_EVENT_SOURCE = ua.NodeId(9006), ua.NodeId(36)
GROUP_MEMBER, HAS_SUPPRESSION_GROUP = ua.NodeId(16362), ua.NodeId(16361)
# What no signal of the plant stands behind: the server's certificate and its historian.
WITHOUT_INPUT = {
    f"Plant.Alarms.{it}"
    for it in ["CertificateExpiration", "HistoryDiskFull", "HistoryRoomTaken", "HistoryFailing", "HistorianBehind"]
}


async def browse(client, nodes, kind, direction=FORWARD) -> list[list]:
    """References of a kind, or of its subtypes, of each node."""
    found = []
    for at in range(0, len(nodes), 500):
        parameters = ua.BrowseParameters()
        parameters.View = ua.ViewDescription(Timestamp=ua.get_win_epoch())
        parameters.NodesToBrowse = [ua.BrowseDescription(it, direction, kind, True, 0, 63)
                                    for it in nodes[at : at + 500]]
        for result in await client.uaclient.browse(parameters):
            result.StatusCode.check()
            found.append(result.References)
    return found


async def read(client, nodes) -> list:
    values = []
    for at in range(0, len(nodes), 2000):
        values += await client.uaclient.read_attributes(nodes[at : at + 2000], ua.AttributeIds.Value)
    return values


async def devices(client) -> list[ua.NodeId]:
    """Every device that events come from, by HasNotifier from the Server object."""
    found, front = [], [client.nodes.server.nodeid]
    while front:
        below = await browse(client, front, ua.NodeId(48))
        front = [it.NodeId for references in below for it in references if it.NodeId not in found]
        found += front
    return found


async def test_ac_31_every_condition_is_found_below_its_equipment(anonymous):
    """By HasNotifier, HasEventSource and HasCondition; each has a type, an input that is read, and a way back."""
    sources = await devices(anonymous)
    assert ua.NodeId("Line1.EL101.Feeder", 2) in sources
    conditions = {}
    for source, references in zip(sources, await browse(anonymous, sources, HAS_CONDITION)):
        for it in references:
            assert it.NodeId not in conditions, "a condition belongs to one device"
            conditions[it.NodeId] = source
            assert str(it.NodeId.Identifier).startswith(f"{source.Identifier}.Alarms.")
    # 73 electrolyzers and feeders, 16 rectifiers and what is there once (the catalogue in docs/alarms.md).
    assert len(conditions) > 73 * 30
    nodes = list(conditions)
    types = await browse(anonymous, nodes, ua.NodeId(ua.ObjectIds.HasTypeDefinition))
    assert all(len(it) == 1 for it in types)
    back = await browse(anonymous, nodes, HAS_CONDITION, ua.BrowseDirection.Inverse)
    for node, references in zip(nodes, back):
        assert conditions[node] in [it.NodeId for it in references]
    alarms = [it for it, kind in zip(nodes, types) if kind[0].NodeId != ua.NodeId(2830)]
    inputs = await read(anonymous, [ua.NodeId(f"{it.Identifier}.InputNode", 2) for it in alarms])
    named = {}
    for alarm, value in zip(alarms, inputs):
        value.StatusCode.check()
        if value.Value.Value.is_null():
            assert alarm.Identifier in WITHOUT_INPUT
        else:
            named[alarm] = value.Value.Value
    values = await read(anonymous, sorted(set(named.values()), key=str))
    # A value may be bad or waiting, but it is the value of a node that exists.
    assert not [it for it in values if it.StatusCode.name in ("BadNodeIdUnknown", "BadAttributeIdInvalid")]
    to_condition = await browse(anonymous, list(named.values()), HAS_CONDITION)
    for alarm, references in zip(named, to_condition):
        assert alarm in [it.NodeId for it in references], "the input leads to its alarm too"
    sources_of = await browse(anonymous, list(named.values()), HAS_EVENT_SOURCE, ua.BrowseDirection.Inverse)
    for alarm, references in zip(named, sources_of):
        assert conditions[alarm] in [it.NodeId for it in references]


async def test_ac_31_the_nodes_of_a_condition_say_what_its_events_say(olga, alarms):
    await write(olga, "AnalogSource", 85.0)
    event = await alarms.last("ExclusiveLevel", ActiveState_Id=True)
    await call(olga, "ExclusiveLevel", ACKNOWLEDGE, event["EventId"], said("on my way"))
    event = await alarms.last("ExclusiveLevel", AckedState_Id=True)
    present = {name: event[name] for name in NAMES if event[name] is not None and name != "ConditionId"}
    values = await read(olga, [condition(olga, f"ExclusiveLevel.{it}").nodeid for it in present])
    differing = {}
    for (name, told), value in zip(present.items(), values):
        if name in ("ReceiveTime", "LocalTime", "ShelvingState.UnshelveTime"):
            continue  # that of the moment; LocalTime is optional and of events only
        if not value.StatusCode.is_good():
            differing[name] = value.StatusCode.name
        elif value.Value.Value != told:
            differing[name] = (value.Value.Value, told)
    assert not differing
    assert {"EventId", "AckedState.Id", "Comment", "Retain", "LimitState.CurrentState", "HighLimit"} <= set(present)


async def test_ac_31_every_node_of_one_condition_is_read(olga, alarms):
    front, seen = [condition(olga, "Trip").nodeid], {}
    while front:
        below = await browse(olga, front, ua.NodeId(ua.ObjectIds.HierarchicalReferences))
        front = []
        for it in (it for references in below for it in references):
            if it.NodeId not in seen and str(it.NodeId.Identifier).startswith("AlarmFixture.Alarms.Trip."):
                seen[it.NodeId] = it
                front.append(it.NodeId)
    assert 60 < len(seen) < 200
    variables = [it for it, found in seen.items() if found.NodeClass == ua.NodeClass.Variable]
    bad = [(str(node.Identifier), it.StatusCode.name) for node, it in zip(variables, await read(olga, variables))
           if not it.StatusCode.is_good()]
    assert not bad
    kinds = await olga.uaclient.read_attributes(variables, ua.AttributeIds.DataType)
    assert all(it.StatusCode.is_good() and not it.Value.Value.is_null() for it in kinds)


async def test_ac_30_groups_name_their_members(olga, alarms):
    node = condition(olga, "Suppressible")
    memberships = await node.call_method(ua.NodeId(24744))
    first_up, group = (ua.NodeId(f"AlarmFixture.Alarms.{it}", 2) for it in ("FirstUp", "SuppressionGroup"))
    assert {first_up, group} == set(memberships)
    (members,) = await browse(olga, [first_up], GROUP_MEMBER)
    names = {it.BrowseName.Name for it in members}
    assert {"Suppressible", "ExclusiveLevel", "Trip"} <= names and "Dialog" not in names
    (groups,) = await browse(olga, [node.nodeid], HAS_SUPPRESSION_GROUP)
    assert [it.NodeId for it in groups] == [group]


async def test_ac_30_metrics_count_what_happens_and_begin_anew(olga, sven, alarms):
    # The fixture belongs to the plant and to no line.
    metrics = olga.get_node(ua.NodeId("Plant.Alarms.Metrics", 2))
    count = await metrics.get_child("0:AlarmCount")
    before = await count.read_value()
    active = len([it for it in await alarms.refresh() if it["ActiveState.Id"]])
    assert active == 0
    await write(olga, "BooleanSource", True)
    for name in ("OffNormal", "Trip", "Delayed"):
        await alarms.last(name, ActiveState_Id=True)
    came = len({it["ConditionName"] for it in alarms.events if it["ActiveState.Id"]})

    async def counted():
        return await count.read_value() >= before + came

    await eventually(counted)
    assert await count.read_value() == before + came
    for name in ("MaximumActiveState", "MaximumUnAck", "CurrentAlarmRate", "AverageAlarmRate", "MaximumAlarmRate"):
        assert await (await metrics.get_child(f"0:{name}")).read_value() > 0, name
    reset = (metrics.nodeid, 18666)
    assert await call_all(olga, [reset]) == ["BadUserAccessDenied"]
    assert await call_all(sven, [reset]) == ["Good"]

    async def anew():
        return await count.read_value() == 0

    await eventually(anew)


async def test_ac_30_types_of_alarms_are_a_tree_that_clients_know(anonymous):
    """Every condition's type is below ConditionType, an alarm's below AlarmConditionType."""
    for name, above in (("BathTemperature", ALARM), ("AnodeEffect", 10637), ("RestartAfterAnodeEffect", CONDITION)):
        node = anonymous.get_node(ua.NodeId(f"Line1.EL101.Alarms.{name}", 2))
        kind = anonymous.get_node(await node.read_type_definition())
        chain = []
        while kind is not None and len(chain) < 12:
            chain.append(kind.nodeid)
            parents = await kind.get_referenced_nodes(ua.ObjectIds.HasSubtype, ua.BrowseDirection.Inverse)
            kind = parents[0] if parents else None
        assert ua.NodeId(above) in chain and ua.NodeId(2041) in chain, name
    assert await refused(anonymous.get_node("ns=2;s=Line1.EL101.Alarms.").read_browse_name()) == "BadNodeIdUnknown"
