"""The conformance fixture: every type written and read back, rights, methods (WR-*, RD-*, MTH-*, SES-29, SES-33)."""

import asyncio
import math
import time

import pytest
import pytest_asyncio
from asyncua import Client, ua

from plant import Plant

URI = "urn:cellhouse:conformance"


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Plant:
    running = Plant(tmp_path_factory.mktemp("fixture"), extra=["--fixture"]).start()
    yield running
    assert running.stop() == 0


@pytest_asyncio.fixture(scope="session")
async def client(server):
    async with Client(server.url, timeout=20) as connected:
        yield connected


async def node_of(client: Client, name: str):
    return client.get_node(ua.NodeId(name, await client.get_namespace_index(URI)))


async def test_wr_01_every_variable_takes_its_own_value_back(client):
    count = 0
    for group in ("Scalar", "Array", "Matrix", "DataItem", "Analog", "AnalogArray", "Discrete", "ArrayItem"):
        for variable in await (await node_of(client, group)).get_children():
            before = await variable.read_data_value()
            assert before.StatusCode.is_good(), await variable.read_display_name()
            status = await variable.session.write(
                ua.WriteParameters([ua.WriteValue(variable.nodeid, ua.AttributeIds.Value, None, ua.DataValue(before.Value))])
            )
            assert status[0].is_good(), (variable, status)
            after = await variable.read_data_value()
            assert after.Value == before.Value, await variable.read_display_name()
            count += 1
    assert count > 150


async def test_wr_01_a_nan_and_a_text_in_any_script_come_back(client):
    number, text = await node_of(client, "Scalar.Double"), await node_of(client, "Scalar.String")
    await number.write_value(math.nan)
    assert math.isnan(await number.read_value())
    await text.write_value("阳极效应 ½ 🏭")
    assert await text.read_value() == "阳极效应 ½ 🏭"


async def test_rd_08_a_range_cuts_a_text_between_characters(client):
    text = await node_of(client, "Scalar.String")
    await text.write_value("槽é1")
    item = ua.ReadValueId(NodeId=text.nodeid, AttributeId=ua.AttributeIds.Value, IndexRange="0:1")
    (got,) = await client.uaclient.read(ua.ReadParameters(NodesToRead=[item]))
    assert got.Value.Value == "槽é"


async def test_rd_08_a_block_of_a_matrix(client):
    matrix = await node_of(client, "Matrix.Int32")
    item = ua.ReadValueId(NodeId=matrix.nodeid, AttributeId=ua.AttributeIds.Value, IndexRange="0:1,1:2")
    (got,) = await client.uaclient.read(ua.ReadParameters(NodesToRead=[item]))
    assert got.Value.Value == [[1, 2], [4, 5]]


@pytest.mark.parametrize(
    ("name", "reading", "writing"),
    [
        ("ReadOnly", None, ua.StatusCodes.BadNotWritable),
        ("WriteOnly", ua.StatusCodes.BadNotReadable, None),
        ("None", ua.StatusCodes.BadNotReadable, ua.StatusCodes.BadNotWritable),
        ("ReadByOperator", ua.StatusCodes.BadUserAccessDenied, None),
        ("WriteByOperator", None, ua.StatusCodes.BadUserAccessDenied),
    ],
)
async def test_rd_13_wr_06_rights_are_what_the_access_levels_say(client, name, reading, writing):
    node = await node_of(client, f"Access.{name}")
    for action, wanted in ((node.read_value(), reading), (node.write_value(2.0), writing)):
        if wanted is None:
            await action
        else:
            with pytest.raises(ua.UaStatusCodeError) as refused:
                await action
            assert refused.value.code == wanted


async def test_mth_01_arguments_of_every_shape(client):
    methods = await node_of(client, "Method")

    async def call(name: str, *arguments):
        return await methods.call_method(await node_of(client, f"Method.{name}"), *arguments)

    assert await call("Add", 2.0, 0.5) == 2.5
    text, number, flag = await call("Several", True, ua.Variant(7, ua.VariantType.Int32), "seven")
    assert (text, number, flag) == ("seven", 7, True)
    assert await call("Reverse", ua.Variant([1, 2, 3], ua.VariantType.Int32)) == [3, 2, 1]
    assert (await call("Structure", ua.Range(Low=1.0, High=2.0))).High == 2.0
    with pytest.raises(ua.UaStatusCodeError) as refused:
        await call("Percent", 101.0)
    assert refused.value.code == ua.StatusCodes.BadInvalidArgument


async def test_ses_29_a_slow_call_ends_with_its_timeout_hint(client):
    request = ua.CallRequest()
    request.Parameters.MethodsToCall = [
        ua.CallMethodRequest(
            ObjectId=(await node_of(client, "Method")).nodeid,
            MethodId=(await node_of(client, "Method.Slow")).nodeid,
            InputArguments=[ua.Variant(20.0)],
        )
    ]
    connection = client.uaclient.protocol
    setup = connection._setup_request_header

    def hasty(header, timeout=1.0):
        setup(header, timeout)
        header.TimeoutHint = 50

    connection._setup_request_header = hasty
    start = time.monotonic()
    try:
        with pytest.raises(ua.UaStatusCodeError) as refused:
            await connection.send_request(request)
    finally:
        connection._setup_request_header = setup
    assert refused.value.code == ua.StatusCodes.BadTimeout
    assert time.monotonic() - start < 10


async def test_ses_33_a_slow_call_holds_nobody_up(server, client):
    methods, slow = await node_of(client, "Method"), await node_of(client, "Method.Slow")
    async with Client(server.url, timeout=20) as other:
        calling = asyncio.create_task(methods.call_method(slow, 2.0))
        for _ in range(20):
            await other.nodes.server_state.read_value()
        assert not calling.done()
        await calling


async def test_wr_05_a_text_follows_its_number_and_a_number_without_one_is_refused(client):
    state = await node_of(client, "Discrete.MultiStateValueUInt32")
    text = await node_of(client, "Discrete.MultiStateValueUInt32.ValueAsText")
    for number, name in ((4, "producing"), (1, "stopped")):
        await state.write_value(ua.Variant(number, ua.VariantType.UInt32))
        assert (await text.read_value()).Text == name
    with pytest.raises(ua.UaStatusCodeError) as refused:
        await state.write_value(ua.Variant(3, ua.VariantType.UInt32))
    assert refused.value.code == ua.StatusCodes.BadOutOfRange
    assert (await text.read_value()).Text == "stopped"
