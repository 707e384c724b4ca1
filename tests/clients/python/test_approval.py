"""Hazardous commands as two people meet them: asked for, seen by both, approved by the second (domain A6)."""

import pytest
import pytest_asyncio
from asyncua import ua

from conftest import secure_client
from plant import Plant, eventually

PENDING = "ns=2;s=Plant.PendingApprovals"
RECTIFIER = "ns=2;s=Line1.RF11"
CURRENT = "ns=2;s=Line1.EL101.Control.CurrentSetpoint"
APPROVAL_EVENT = ua.NodeId(9160, 3)
RULES = """
[approval]
reset_trip = "two_persons"
"""


@pytest.fixture(scope="module")
def works(tmp_path_factory, certificate) -> Plant:
    """A server of this file's own, with a rule of two persons."""
    folder = tmp_path_factory.mktemp("approval")
    (folder / "server.toml").write_text(RULES)
    running = Plant(folder, extra=["--server", str(folder / "server.toml")])
    for name, role in [("sven", "Supervisor"), ("olga", "Supervisor"), ("ivan", "Operator")]:
        running.add_user(name, role)
    running.trust(certificate[0].read_bytes(), "client")
    running.start()
    yield running
    assert running.stop() == 0


def person(name: str):
    @pytest_asyncio.fixture(name=name)
    async def connected(works, certificate):
        async with await secure_client(works, certificate, name) as client:
            yield client

    return connected


sven, olga, ivan = (person(name) for name in ("sven", "olga", "ivan"))


class Listener:
    def __init__(self):
        self.events = []

    def event_notification(self, event):
        self.events.append(event)


async def call(client, of: str, method: str, *arguments) -> str:
    """The code that a call is answered with."""
    try:
        await client.get_node(of).call_method(f"3:{method}", *arguments)
    except ua.UaStatusCodeError as error:
        return type(error).__name__
    return "Good"


async def answer(client, method: str, request: int) -> str:
    return await call(client, PENDING, method, ua.Variant(request, ua.VariantType.UInt32))


async def requests(client) -> list:
    return await client.get_node(f"{PENDING}.Requests").read_value() or []


async def test_a_trip_is_reset_by_two_people_who_both_see_what_waits(sven, olga, ivan):
    await sven.load_data_type_definitions()
    listener = Listener()
    subscription = await sven.create_subscription(100, listener)
    await subscription.subscribe_events(sven.nodes.server, APPROVAL_EVENT)
    assert await call(olga, RECTIFIER, "ResetTrip") == "BadRequestNotComplete"
    (request,) = await requests(sven)
    assert (request.Command, request.Requester) == ("Line1.RF11.ResetTrip()", "olga")
    assert (request.TwoPersons, request.NeededRole) == (True, "Supervisor")
    assert (request.ExpireTime - request.RequestTime).total_seconds() == 120
    assert await answer(olga, "Approve", request.RequestId) == "BadRequestNotAllowed"
    assert await answer(ivan, "Approve", request.RequestId) == "BadUserAccessDenied"
    assert await answer(sven, "Approve", request.RequestId) == "Good"
    assert await requests(olga) == []

    async def told():
        return len(listener.events) == 2

    await eventually(told)
    asked, approved = listener.events
    assert [it.Step for it in (asked, approved)] == ["Requested", "Approved"]
    assert {it.RequestId for it in (asked, approved)} == {request.RequestId}
    assert (asked.Requester, asked.Approver, asked.Outcome.name) == ("olga", "", "BadRequestNotComplete")
    assert (approved.Requester, approved.Approver, approved.Outcome.name) == ("olga", "sven", "Good")
    assert asked.SourceName == "Line1.RF11" and asked.SourceNode == ua.NodeId("Line1.RF11", 2)
    assert "olga asks for Line1.RF11.ResetTrip()" in asked.Message.Text
    await subscription.delete()


async def test_a_current_beyond_the_usual_band_is_confirmed_by_whoever_wrote_it(olga):
    node = olga.get_node(CURRENT)
    before = await node.read_value()
    with pytest.raises(ua.UaStatusCodeError) as refused:
        await node.write_value(ua.DataValue(ua.Variant(10.9, ua.VariantType.Double)))
    assert refused.value.code == ua.StatusCodes.BadRequestNotComplete
    assert await node.read_value() == before
    await olga.load_data_type_definitions()
    (request,) = await requests(olga)
    assert request.Command == "Line1.EL101.Control.CurrentSetpoint = 10.9" and not request.TwoPersons
    assert await answer(olga, "Approve", request.RequestId) == "Good"
    assert await node.read_value() == 10.9


async def test_only_operators_and_those_above_find_approve_executable(sven, ivan, works, certificate):
    for client in (sven, ivan):
        method = client.get_node(f"{PENDING}.Approve")
        assert (await method.read_attribute(ua.AttributeIds.UserExecutable)).Value.Value is True
    works.add_user("vera", "Observer")
    async with await secure_client(works, certificate, "vera") as vera:
        method = vera.get_node(f"{PENDING}.Approve")
        assert (await method.read_attribute(ua.AttributeIds.UserExecutable)).Value.Value is False
        assert await answer(vera, "Approve", 1) == "BadUserAccessDenied"
