"""Events through asyncua: of the fixture's trigger, of the plant, and of the server itself (EVT-*)."""

import asyncio

import pytest
import pytest_asyncio
from asyncua import Client, ua

from plant import Plant, eventually

URI = "urn:cellhouse:conformance"
TYPES = 3


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Plant:
    running = Plant(tmp_path_factory.mktemp("events"), extra=["--fixture"]).start()
    yield running
    assert running.stop() == 0


@pytest_asyncio.fixture(scope="session")
async def client(server):
    async with Client(server.url, timeout=20) as connected:
        yield connected


class Listener:
    def __init__(self):
        self.events = []
        self.statuses = []

    def event_notification(self, event):
        self.events.append(event)

    def status_change_notification(self, status):
        self.statuses.append(status)


async def trigger(client: Client, severity: int) -> None:
    index = await client.get_namespace_index(URI)
    node = client.get_node(ua.NodeId("Event.Trigger", index))
    await node.write_value(ua.Variant(severity, ua.VariantType.UInt32))


def own_type(number: int) -> ua.NodeId:
    return ua.NodeId(number, TYPES)


async def test_evt_02_a_trigger_is_one_event_with_every_field(client):
    listener = Listener()
    subscription = await client.create_subscription(100, listener)
    try:
        await subscription.subscribe_events(client.nodes.server, ua.ObjectIds.BaseEventType)
        await trigger(client, 321)

        async def heard():
            return [it for it in listener.events if it.Severity == 321]

        (event,) = await eventually(heard)
        await trigger(client, 322)
        await eventually(lambda: heard_severity(listener, 322))
        assert len([it for it in listener.events if it.Severity == 321]) == 1
        other = next(it for it in listener.events if it.Severity == 322)
        assert len(event.EventId) == 16 and event.EventId != other.EventId
        assert event.EventType == ua.NodeId(ua.ObjectIds.BaseEventType)
        assert event.SourceName == "Trigger"
        assert event.SourceNode.Identifier == "Event.Trigger"
        assert event.Message.Text == "The trigger was written"
        assert event.Time <= event.ReceiveTime
        assert isinstance(event.LocalTime, ua.TimeZoneDataType)
    finally:
        await subscription.delete()


async def heard_severity(listener: Listener, severity: int):
    return any(it.Severity == severity for it in listener.events)


async def test_evt_01_a_node_that_is_no_notifier_is_refused(client):
    subscription = await client.create_subscription(100, Listener())
    try:
        with pytest.raises(ua.UaStatusCodeError) as error:
            await subscription.subscribe_events(client.nodes.objects, ua.ObjectIds.BaseEventType)
        assert error.value.code == ua.StatusCodes.BadNotSupported
    finally:
        await subscription.delete()


async def test_evt_16_the_end_of_the_server_is_an_event(tmp_path_factory):
    running = Plant(tmp_path_factory.mktemp("end")).start()
    listener = Listener()
    client = Client(running.url, timeout=5)
    await client.connect()
    subscription = await client.create_subscription(100, listener)
    await subscription.subscribe_events(client.nodes.server, ua.ObjectIds.SystemStatusChangeEventType)
    await asyncio.to_thread(running.stop)

    async def heard():
        return [it for it in listener.events if it.EventType.Identifier == ua.ObjectIds.SystemStatusChangeEventType]

    (event,) = await eventually(heard)
    assert event.SystemState == ua.ServerState.Shutdown
    try:
        await client.disconnect()
    except (ConnectionError, ua.UaError, asyncio.TimeoutError):
        pass


async def test_evt_03_evt_15_events_of_a_device_reach_all_above_it_and_no_sibling(plant, operator, engineer):
    """A hopper refill and a tap are events of one electrolyzer; those beside it hear nothing."""
    cell, sibling = (operator.get_node(f"ns=2;s=Line1.{name}") for name in ("EL105", "EL106"))
    line, plant_node = operator.get_node("ns=2;s=Line1"), operator.get_node("ns=2;s=Plant")
    heard = {}
    subscriptions = []
    kind = own_type(9100)
    for name, node in (("cell", cell), ("sibling", sibling), ("line", line), ("plant", plant_node),
                       ("server", operator.nodes.server)):
        heard[name] = Listener()
        subscription = await operator.create_subscription(100, heard[name])
        await subscription.subscribe_events(node, operator.get_node(kind))
        subscriptions.append(subscription)
    try:
        planned = ua.Variant(5.0, ua.VariantType.Double)
        tap = await cell.call_method(f"{TYPES}:BeginTap", planned, "C1")

        async def arrived():
            return all(
                any(it.SourceName == "Line1.EL105" for it in heard[name].events)
                for name in ("cell", "line", "plant", "server")
            )

        await eventually(arrived)
        (event, *_) = heard["cell"].events
        assert event.EventType == kind
        assert (event.FromPhase, event.ToPhase) == ("Running", "Tapping")
        assert not heard["sibling"].events
        await cell.call_method(f"{TYPES}:AbortTap", tap, "test")
    finally:
        for subscription in subscriptions:
            await subscription.delete()


async def test_evt_01_the_notifier_tree_is_browsed_from_the_server_object(client):
    async def notifiers(node):
        found = await node.get_references(ua.ObjectIds.HasNotifier, ua.BrowseDirection.Forward)
        return {it.NodeId for it in found}

    plant = ua.NodeId("Plant", 2)
    assert plant in await notifiers(client.nodes.server)
    assert ua.NodeId("Line1", 2) in await notifiers(client.get_node(plant))
    assert ua.NodeId("Line1.EL101", 2) in await notifiers(client.get_node("ns=2;s=Line1"))
    notifier = await client.get_node("ns=2;s=Line1.EL101").read_event_notifier()
    assert notifier == {ua.EventNotifier.SubscribeToEvents, ua.EventNotifier.HistoryRead}


async def test_evt_12_a_refresh_without_conditions_begins_and_ends(client):
    listener = Listener()
    subscription = await client.create_subscription(100, listener)
    try:
        await subscription.subscribe_events(client.nodes.server, ua.ObjectIds.BaseEventType)
        await client.get_node("i=2782").call_method(
            ua.NodeId(ua.ObjectIds.ConditionType_ConditionRefresh), ua.Variant(subscription.subscription_id, ua.VariantType.UInt32)
        )

        async def both():
            kinds = [it.EventType.Identifier for it in listener.events]
            return ua.ObjectIds.RefreshStartEventType in kinds and ua.ObjectIds.RefreshEndEventType in kinds

        await eventually(both)
        with pytest.raises(ua.UaStatusCodeError) as error:
            await client.get_node("i=2782").call_method(
                ua.NodeId(ua.ObjectIds.ConditionType_ConditionRefresh), ua.Variant(999_999, ua.VariantType.UInt32)
            )
        assert error.value.code == ua.StatusCodes.BadSubscriptionIdInvalid
    finally:
        await subscription.delete()


async def test_mon_20_a_new_range_is_an_event_that_names_the_variable(client):
    listener = Listener()
    subscription = await client.create_subscription(100, listener)
    index = await client.get_namespace_index(URI)
    unit = client.get_node(ua.NodeId("Analog.Float.EURange", index))
    before = await unit.read_value()
    try:
        await subscription.subscribe_events(client.nodes.server, ua.ObjectIds.SemanticChangeEventType)
        await unit.write_value(ua.Range(Low=-3.0, High=203.0))

        async def heard():
            return [it for it in listener.events if it.Changes]

        (event, *_) = await eventually(heard)
        (change,) = event.Changes
        assert change.Affected == ua.NodeId("Analog.Float", index)
        assert change.AffectedType == ua.NodeId(ua.ObjectIds.AnalogItemType)
        await unit.write_value(before)
    finally:
        await subscription.delete()


async def test_evt_02_a_broken_thermocouple_is_a_device_failure_and_its_end_too(engineer):
    """A fault that is put in for a few seconds: the failure is told, and that it is over."""
    cell = engineer.get_node("ns=2;s=Line1.EL107")
    listener = Listener()
    subscription = await engineer.create_subscription(100, listener)
    try:
        await subscription.subscribe_events(cell, [engineer.get_node(own_type(it)) for it in (9130, 9133)])
        await engineer.get_node("ns=2;s=Plant").call_method(
            f"{TYPES}:InjectFault", "ThermocoupleFailed", "Line1.EL107", 4.0
        )

        async def heard():
            kinds = {it.EventType: it for it in listener.events if it.Signal == "Bath.Temperature"}
            return kinds if len(kinds) == 2 else None

        kinds = await eventually(heard, timeout_s=20)
        failed, restored = kinds[own_type(9130)], kinds[own_type(9133)]
        assert failed.SourceName == "Line1.EL107"
        assert failed.Quality.value == ua.StatusCodes.BadSensorFailure
        assert failed.Time < restored.Time
    finally:
        await subscription.delete()
