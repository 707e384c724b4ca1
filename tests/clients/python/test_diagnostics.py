"""Diagnostics of the server, its sessions and subscriptions (DIA-01 to DIA-04)."""

import pytest
from asyncua import Client, ua

from plant import eventually

ENABLED = "i=2294"
SUBSCRIPTIONS = "i=2290"
SUMMARY = "i=3706"
SESSIONS = "i=3707"
SECURITY = "i=3708"


async def refused(action, code) -> None:
    with pytest.raises(ua.UaStatusCodeError) as error:
        await action
    assert error.value.code == code


async def test_dia_04_a_session_sees_itself_and_its_subscriptions(plant):
    async with Client(plant.url, timeout=20) as client:
        objects = await client.get_node(SUMMARY).get_children()
        assert any(it.nodeid.NamespaceIndex == 1 for it in objects)
        seen = []

        class Handler:
            def datachange_notification(self, node, value, data):
                seen.append(value)

        subscription = await client.create_subscription(200, Handler())
        await subscription.subscribe_data_change(client.get_node("i=2258"))
        await eventually(lambda: _true(seen))
        own = await own_object(client)
        all_fields = await own.get_child("0:SessionDiagnostics")
        value = await all_fields.read_value()
        assert value.CurrentSubscriptionsCount == 1
        assert value.CurrentMonitoredItemsCount == 1
        assert value.CreateSubscriptionCount.TotalCount == 1
        assert value.ReadCount.TotalCount >= 1
        assert value.TotalRequestCount.TotalCount > value.ReadCount.TotalCount
        name = await (await all_fields.get_child("0:SessionName")).read_value()
        assert name == value.SessionName
        (diagnostics,) = await (await own.get_child("0:SubscriptionDiagnosticsArray")).read_value()
        assert diagnostics.SubscriptionId == subscription.subscription_id
        assert diagnostics.MonitoredItemCount == 1
        assert diagnostics.DataChangeNotificationsCount >= 1
        assert diagnostics.PublishRequestCount >= 1
        assert await security(own, "ClientUserIdOfSession") == "anonymous"
        assert await security(own, "SecurityMode") == ua.MessageSecurityMode.None_


async def security(session, field: str):
    """One field: this client takes the structure's `Encoding`, a String, for a mask of one byte."""
    return await (await session.get_child(["0:SessionSecurityDiagnostics", f"0:{field}"])).read_value()


async def _true(value):
    return bool(value)


async def own_object(client: Client):
    """The one session object that an anonymous client may read."""
    for node in await client.get_node(SUMMARY).get_children():
        if node.nodeid.NamespaceIndex != 1:
            continue
        try:
            await (await node.get_child("0:SessionDiagnostics")).read_value()
        except ua.UaStatusCodeError:
            continue
        return node
    raise AssertionError("no session of one's own")


async def test_dia_03_others_are_for_administrators(anonymous, operator, administrator):
    for client in (anonymous, operator):
        for node in (SUBSCRIPTIONS, SESSIONS, SECURITY):
            await refused(client.get_node(node).read_value(), ua.StatusCodes.BadUserAccessDenied)
    sessions = await administrator.get_node(SESSIONS).read_value()
    objects = [it for it in await administrator.get_node(SUMMARY).get_children() if it.nodeid.NamespaceIndex == 1]
    users = [await security(it, "ClientUserIdOfSession") for it in objects]
    assert len(sessions) == len(users) >= 3
    assert {"anonymous", "olga", "adam"} <= set(users)
    assert all(it.ClientConnectionTime <= it.ClientLastContactTime for it in sessions)
    current = await administrator.get_node("i=2277").read_value()
    assert current == len(sessions)


async def test_dia_01_switched_off_there_is_nothing_to_see(anonymous, administrator):
    flag = administrator.get_node(ENABLED)
    await refused(anonymous.get_node(ENABLED).write_value(False), ua.StatusCodes.BadUserAccessDenied)
    await flag.write_value(False)
    try:
        assert await anonymous.get_node(ENABLED).read_value() is False
        for node in (SUBSCRIPTIONS, SESSIONS, SECURITY):
            assert not await administrator.get_node(node).read_value()
        children = await administrator.get_node(SUMMARY).get_children()
        assert all(it.nodeid.NamespaceIndex == 0 for it in children)
    finally:
        await flag.write_value(True)
    assert len(await administrator.get_node(SESSIONS).read_value()) >= 2


async def test_dia_02_the_summary_counts_exactly(plant, administrator):
    summary = administrator.get_node("i=2275")
    before = await summary.read_value()
    for _ in range(3):
        async with Client(plant.url, timeout=20) as client:
            subscription = await client.create_subscription(1000, None)
            assert (await summary.read_value()).CurrentSubscriptionCount == before.CurrentSubscriptionCount + 1
            await subscription.delete()
    after = await summary.read_value()
    assert after.CumulatedSessionCount == before.CumulatedSessionCount + 3
    assert after.CurrentSessionCount == before.CurrentSessionCount
    assert after.CumulatedSubscriptionCount == before.CumulatedSubscriptionCount + 3
    assert after.CurrentSubscriptionCount == before.CurrentSubscriptionCount
