"""Audit events with python asyncua: a SecurityAdmin over an encrypted channel hears who did what (AUD-*)."""

from datetime import datetime, timedelta, timezone

import pytest
from asyncua import Client, ua

from conftest import secure_client
from plant import PASSWORD, eventually

CURRENT = "ns=2;s=Line1.EL108.Control.CurrentSetpoint"


class Listener:
    def __init__(self):
        self.events = []

    def event_notification(self, event):
        self.events.append(event)


async def subscribed(client: Client, *kinds: int):
    listener = Listener()
    subscription = await client.create_subscription(100, listener)
    await subscription.subscribe_events(client.nodes.server, list(kinds) or ua.ObjectIds.AuditEventType)
    return listener, subscription


def of(listener: Listener, kind: int) -> list:
    return [it for it in listener.events if it.EventType == ua.NodeId(kind)]


async def test_aud_03_a_write_is_heard_with_its_old_and_new_value(administrator, operator):
    listener, subscription = await subscribed(administrator, ua.ObjectIds.AuditWriteUpdateEventType)
    node = operator.get_node(CURRENT)
    before = await node.read_value()
    try:
        await node.write_value(before - 0.1)
        with pytest.raises(ua.UaStatusCodeError):
            await node.write_value(ua.Variant(99.0, ua.VariantType.Double))

        async def heard():
            own = [it for it in listener.events if it.SourceNode == ua.NodeId.from_string(CURRENT)]
            return own if len(own) == 2 else None

        done, refused = await eventually(heard)
        assert done.Status and done.SourceName == "Attribute/Write"
        assert done.ClientUserId == "olga"
        assert done.AttributeId == ua.AttributeIds.Value
        assert done.OldValue == pytest.approx(before)
        assert done.NewValue == pytest.approx(before - 0.1)
        assert done.ServerId and done.ActionTimeStamp <= done.Time
        assert not refused.Status
        assert refused.NewValue == 99.0
        assert refused.OldValue == pytest.approx(before - 0.1)
    finally:
        await node.write_value(before)
        await subscription.delete()


async def test_aud_03_who_audits_hears_of_his_own_writes(administrator):
    """A SecurityAdmin changes no setpoint: his attempt is heard as refused."""
    listener, subscription = await subscribed(administrator, ua.ObjectIds.AuditWriteUpdateEventType)
    node = administrator.get_node(CURRENT)
    try:
        with pytest.raises(ua.UaStatusCodeError):
            await node.write_value(ua.Variant(1.0, ua.VariantType.Double))

        async def heard():
            return [it for it in listener.events if it.ClientUserId == "adam"]

        (event,) = await eventually(heard)
        assert not event.Status and event.NewValue == 1.0
    finally:
        await subscription.delete()


async def test_aud_01_aud_05_a_login_is_heard_and_its_password_is_not(administrator, plant, certificate):
    listener, subscription = await subscribed(administrator, ua.ObjectIds.AuditActivateSessionEventType)
    try:
        async with await secure_client(plant, certificate, "vera"):
            pass

        async def heard():
            return [it for it in of(listener, ua.ObjectIds.AuditActivateSessionEventType) if it.ClientUserId == "vera"]

        (event,) = await eventually(heard)
        token = event.UserIdentityToken
        assert event.Status and token.UserName == "vera"
        assert not token.Password
        assert PASSWORD not in str(vars(event))
    finally:
        await subscription.delete()


async def test_aud_02_others_hear_nothing_of_it(administrator, operator, anonymous):
    heard, subscription = await subscribed(administrator)
    deaf = [await subscribed(it) for it in (operator, anonymous)]
    node = operator.get_node(CURRENT)
    try:
        await node.write_value(await node.read_value())

        async def there():
            return of(heard, ua.ObjectIds.AuditWriteUpdateEventType)

        await eventually(there)
        # Their cycles are as short as that of the one who has heard it: another one passes.
        await node.write_value(await node.read_value())
        await eventually(lambda: two(heard))
        assert all(not listener.events for listener, _ in deaf)
    finally:
        for it in [subscription, *(own for _, own in deaf)]:
            await it.delete()


async def two(listener: Listener) -> bool:
    return len(of(listener, ua.ObjectIds.AuditWriteUpdateEventType)) >= 2


async def test_aud_04_a_call_is_heard_with_its_arguments(administrator, operator):
    listener, subscription = await subscribed(administrator, ua.ObjectIds.AuditUpdateMethodEventType)
    cell = operator.get_node("ns=2;s=Line1.EL109")
    try:
        with pytest.raises(ua.UaStatusCodeError):
            await cell.call_method("3:BeginTap", ua.Variant(-5.0, ua.VariantType.Double), "C9")

        async def heard():
            return of(listener, ua.ObjectIds.AuditUpdateMethodEventType)

        (event, *_) = await eventually(heard)
        assert event.SourceNode == ua.NodeId("Line1.EL109", 2)
        assert event.SourceName == "Attribute/Call"
        assert not event.Status
        assert [getattr(it, "Value", it) for it in event.InputArguments] == [-5.0, "C9"]
    finally:
        await subscription.delete()


async def test_aud_04_a_change_of_history_is_heard_with_its_values(administrator, engineer):
    listener, subscription = await subscribed(
        administrator, ua.ObjectIds.AuditHistoryValueUpdateEventType, ua.ObjectIds.AuditHistoryRawModifyDeleteEventType,
        ua.ObjectIds.AuditHistoryAtTimeDeleteEventType)
    node = engineer.get_node("ns=2;s=Line1.EL108.Bath.Temperature")
    start = datetime(2011, 1, 1, tzinfo=timezone.utc)
    value = ua.DataValue(ua.Variant(950.5, ua.VariantType.Double), ua.StatusCode(0), start)
    try:
        await node.history_update(ua.UpdateDataDetails(
            NodeId=node.nodeid, PerformInsertReplace=ua.PerformUpdateType.Insert, UpdateValues=[value]))
        await node.history_update(ua.DeleteRawModifiedDetails(
            NodeId=node.nodeid, IsDeleteModified=False, StartTime=start, EndTime=start + timedelta(seconds=1)))
        await node.history_update(ua.UpdateDataDetails(
            NodeId=node.nodeid, PerformInsertReplace=ua.PerformUpdateType.Replace, UpdateValues=[value]))
        await node.session.history_update(ua.HistoryUpdateParameters([ua.DeleteAtTimeDetails(
            NodeId=node.nodeid, ReqTimes=[start])]))

        async def heard():
            return listener.events if len(listener.events) == 4 else None

        inserted, deleted, _, missed = await eventually(heard)
        assert inserted.EventType == ua.NodeId(ua.ObjectIds.AuditHistoryValueUpdateEventType)
        assert inserted.Status and inserted.ClientUserId == "eng" and inserted.UpdatedNode == node.nodeid
        assert [it.Value.Value for it in inserted.NewValues] == [950.5]
        assert deleted.EventType == ua.NodeId(ua.ObjectIds.AuditHistoryRawModifyDeleteEventType)
        assert [it.Value.Value for it in deleted.OldValues] == [950.5]
        assert missed.EventType == ua.NodeId(ua.ObjectIds.AuditHistoryAtTimeDeleteEventType)
    finally:
        await subscription.delete()
