"""Subscriptions with python asyncua: nothing lost, nothing doubled, in order."""

import asyncio

from asyncua import Client, ua

from test_address_space import walk


class Recorder:
    """Keeps every notification."""

    def __init__(self):
        self.values = {}

    def datachange_notification(self, node, value, data):
        item = data.monitored_item.Value
        self.values.setdefault(node.nodeid, []).append((item.SourceTimestamp, value, item.StatusCode.name))


async def test_18000_items_at_one_second_arrive_once_and_in_order(plant):
    async with Client(plant.url, timeout=60) as client:
        seen = await walk(client)
        tags = [it.NodeId for it in seen.values()
                if it.NodeClass == ua.NodeClass.Variable and it.NodeId.NamespaceIndex == 2
                and not str(it.NodeId.Identifier).endswith(("EURange", "EngineeringUnits"))][:18_000]
        recorder = Recorder()
        parameters = ua.CreateSubscriptionParameters(
            RequestedPublishingInterval=1000, RequestedLifetimeCount=100, RequestedMaxKeepAliveCount=10,
            MaxNotificationsPerPublish=0, PublishingEnabled=True, Priority=0)
        subscription = await client.create_subscription(parameters, recorder)
        nodes = [client.get_node(it) for it in tags]
        for start in range(0, len(nodes), 2000):
            await subscription.subscribe_data_change(nodes[start : start + 2000], queuesize=5)
        await asyncio.sleep(10)
        await subscription.delete()
    voltage = [it for node, it in recorder.values.items() if str(node.Identifier).endswith("Electrical.CellVoltage")]
    assert voltage
    assert len(recorder.values) == len(tags), "every item reports at least its first value"
    for series in voltage:
        times = [it[0] for it in series]
        assert times == sorted(set(times)), "once and in order"
        gaps = {round((b - a).total_seconds()) for a, b in zip(times, times[1:])}
        assert gaps == {1}, "every scan's value arrives"


async def test_mon_01_a_first_value_comes_at_once(anonymous):
    recorder = Recorder()
    subscription = await anonymous.create_subscription(200, recorder)
    node = anonymous.get_node("ns=2;s=Line1.EL101.Control.CurrentSetpoint")
    await subscription.subscribe_data_change(node)
    for _ in range(50):
        if recorder.values:
            break
        await asyncio.sleep(0.05)
    await subscription.delete()
    assert len(recorder.values[node.nodeid]) == 1


async def test_mon_02_unknown_node_is_refused_and_others_work(anonymous):
    subscription = await anonymous.create_subscription(500, Recorder())
    results = await subscription.subscribe_data_change(
        [anonymous.get_node("ns=2;s=Line1.EL101.Bath.Temperature"), anonymous.get_node("ns=2;s=Nowhere")])
    await subscription.delete()
    assert isinstance(results[0], int)
    assert results[1].name == "BadNodeIdUnknown"


async def test_mon_17_percent_deadband_without_a_range_is_refused(anonymous):
    subscription = await anonymous.create_subscription(500, Recorder())
    node = anonymous.get_node("ns=2;s=Line1.EL101.Electrical.CellVoltage")
    good = await subscription.deadband_monitor(node, 5, deadbandtype=2)
    text = anonymous.get_node("ns=2;s=Line1.EL101.Production.OxideLotId")
    try:
        await subscription.deadband_monitor(text, 1, deadbandtype=1)
        refused = None
    except ua.UaStatusCodeError as error:
        refused = type(error).__name__
    await subscription.delete()
    assert isinstance(good, int)
    assert refused in ("BadFilterNotAllowed", "BadMonitoredItemFilterUnsupported")
