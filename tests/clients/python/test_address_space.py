"""Browse and read with python asyncua: what an integrator sees first. Shows nothing about security."""

import re

import pytest_asyncio
from asyncua import ua

HIERARCHICAL = ua.ObjectIds.HierarchicalReferences
ANALOG = {ua.NodeId(17570), ua.NodeId(17497)}


CONDITION = re.compile(r".*\.Alarms\.(\w+)$")


async def walk(client):
    """Every node below Objects, once: {NodeId: ReferenceDescription}.

    Each condition is seen; what is below it only for the first one of its name: the others are built the same.
    """
    seen, known = {}, set()
    front = [client.nodes.objects]
    while front:
        batch, front = front[:200], front[200:]
        descriptions = [
            ua.BrowseDescription(
                node.nodeid, ua.BrowseDirection.Forward, ua.NodeId(HIERARCHICAL), True, 0, 63
            )
            for node in batch
        ]
        parameters = ua.BrowseParameters()
        parameters.View = ua.ViewDescription(Timestamp=ua.get_win_epoch())
        parameters.RequestedMaxReferencesPerNode = 0
        parameters.NodesToBrowse = descriptions
        for result in await client.uaclient.browse(parameters):
            result.StatusCode.check()
            for reference in result.References:
                if reference.NodeId not in seen:
                    seen[reference.NodeId] = reference
                    condition = CONDITION.match(str(reference.NodeId.Identifier))
                    if condition is None or condition[1] not in known:
                        front.append(client.get_node(reference.NodeId))
                    if condition:
                        known.add(condition[1])
    return seen


@pytest_asyncio.fixture(scope="session")
async def seen(anonymous):
    return await walk(anonymous)


async def test_viw_01_the_whole_address_space_is_browsed_without_an_error(seen):
    own = [str(it.Identifier) for it in seen if it.NamespaceIndex == 2]
    conditions = [it for it in own if CONDITION.match(it)]
    below = [it for it in own if ".Alarms." in it and not CONDITION.match(it)]
    assert len(own) - len(conditions) - len(below) > 10_000
    assert len(conditions) > 73 * 30 and len(below) > 1_000


async def test_every_variable_is_read_with_a_value_a_unit_and_a_range(anonymous, seen):
    variables = [it for it in seen.values() if it.NodeClass == ua.NodeClass.Variable and it.NodeId.NamespaceIndex == 2]
    analog = [it for it in variables if it.TypeDefinition in ANALOG]
    assert len(analog) > 5_000
    waiting = []
    for start in range(0, len(variables), 2000):
        part = variables[start : start + 2000]
        values = await anonymous.uaclient.read_attributes([it.NodeId for it in part], ua.AttributeIds.Value)
        for reference, value in zip(part, values):
            if not value.StatusCode.is_good():
                waiting.append((str(reference.NodeId), value.StatusCode.name))
    # A tag without a first assay waits for it; nothing else may be anything but Good.
    unexpected = [it for it in waiting if it[1] != "BadWaitingForInitialData"]
    assert not unexpected, unexpected[:10]
    assert len(waiting) < len(variables) * 0.05, waiting[:10]


async def test_an_analog_tag_shows_its_unit_and_range(anonymous):
    node = anonymous.get_node("ns=2;s=Line1.EL101.Bath.Temperature")
    unit = await (await node.get_child("0:EngineeringUnits")).read_value()
    limits = await (await node.get_child("0:EURange")).read_value()
    assert (unit.UnitId, unit.DisplayName.Text) == (4408652, "°C")
    assert (limits.Low, limits.High) == (900.0, 1150.0)
    assert 900 < await node.read_value() < 1150


async def test_every_instance_has_a_description_and_a_type(anonymous):
    node = anonymous.get_node("ns=2;s=Line1.EL101.Bath.Temperature")
    assert (await node.read_description()).Text
    electrolyzer = anonymous.get_node("ns=2;s=Line1.EL101")
    assert (await (anonymous.get_node(await electrolyzer.read_type_definition())).read_browse_name()).Name == "ElectrolyzerType"


async def test_rd_17_server_status_is_alive(anonymous):
    first = await anonymous.get_node(ua.ObjectIds.Server_ServerStatus_CurrentTime).read_value()
    state = await anonymous.get_node(ua.ObjectIds.Server_ServerStatus_State).read_value()
    build = await anonymous.get_node(ua.ObjectIds.Server_ServerStatus_BuildInfo).read_value()
    second = await anonymous.get_node(ua.ObjectIds.Server_ServerStatus_CurrentTime).read_value()
    assert second >= first
    assert state == 0
    assert build.ProductName


async def test_rd_18_arrays_name_the_server_and_its_namespaces(anonymous):
    namespaces = await anonymous.get_namespace_array()
    servers = await anonymous.get_node(ua.ObjectIds.Server_ServerArray).read_value()
    assert namespaces[0] == "http://opcfoundation.org/UA/"
    assert namespaces[1] == servers[0]
    assert namespaces[3] == "http://cellhouse.dev/UA/RareEarthElectrolysis/"


async def test_rd_03_unknown_node_is_bad_node_id_unknown(anonymous):
    value = await anonymous.get_node("ns=2;s=No.Such.Node").read_data_value(raise_on_bad_status=False)
    assert value.StatusCode.name == "BadNodeIdUnknown"


async def test_rd_09_bad_index_range_costs_one_operation_only(anonymous):
    good = ua.ReadValueId(ua.NodeId("Line1.EL101.Bath.Temperature", 2), ua.AttributeIds.Value)
    bad = ua.ReadValueId(ua.NodeId("Line1.EL101.Bath.Temperature", 2), ua.AttributeIds.Value, "3:1")
    parameters = ua.ReadParameters()
    parameters.NodesToRead = [good, bad, good]
    codes = [it.StatusCode.name for it in await anonymous.uaclient.read(parameters)]
    assert codes == ["Good", "BadIndexRangeInvalid", "Good"]


async def test_viw_19_a_path_is_translated(anonymous):
    found = await anonymous.nodes.objects.get_child(["2:Plant", "2:Line1", "2:EL101", "3:Bath", "3:Temperature"])
    assert found.nodeid == ua.NodeId("Line1.EL101.Bath.Temperature", 2)


async def test_methods_show_described_arguments(anonymous):
    start = anonymous.get_node("ns=2;s=Line1.EL101.Start")
    arguments = await (await start.get_child("0:InputArguments")).read_value()
    assert [it.Name for it in arguments] == ["TargetCurrent", "RampRate"]
    assert all(it.Description.Text for it in arguments)
