"""The history of events through asyncua (HA-28)."""

import datetime
import uuid

import pytest
from asyncua import Client, ua

from plant import Plant, eventually

HOUR = datetime.timedelta(hours=1)
CELL = "ns=2;s=Line1.EL101"
BASE_FIELDS = ["EventId", "EventType", "SourceName", "Time", "Message", "Severity"]


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


def selecting(names) -> ua.EventFilter:
    base = ua.NodeId(ua.ObjectIds.BaseEventType)
    clauses = [
        ua.SimpleAttributeOperand(
            TypeDefinitionId=base, BrowsePath=[ua.QualifiedName(it, 0)], AttributeId=ua.AttributeIds.Value
        )
        for it in names
    ]
    return ua.EventFilter(SelectClauses=clauses)


def written(node: str, kind: ua.PerformUpdateType, event_id: bytes, time: datetime.datetime, message: str):
    values = [
        ua.Variant(event_id, ua.VariantType.ByteString),
        ua.Variant(ua.NodeId(ua.ObjectIds.BaseEventType)),
        ua.Variant("Line1.EL101"),
        ua.Variant(time, ua.VariantType.DateTime),
        ua.Variant(ua.LocalizedText(message, "en")),
        ua.Variant(321, ua.VariantType.UInt16),
    ]
    return ua.UpdateEventDetails(
        NodeId=ua.NodeId.from_string(node),
        PerformInsertReplace=kind,
        Filter=selecting(BASE_FIELDS),
        EventData=[ua.HistoryEventFieldList(EventFields=values)],
    )


def names(result: ua.HistoryUpdateResult) -> list[str]:
    return [it.name for it in result.OperationResults]


async def test_ha_28_what_the_plant_did_is_read_with_the_fields_of_its_type(engineer):
    cell = engineer.get_node(CELL)
    tap = await cell.call_method("3:BeginTap", ua.Variant(5.0, ua.VariantType.Double), "C1")
    await cell.call_method("3:AbortTap", tap, "test")
    kind = ua.NodeId(9100, 3)

    async def recorded():
        return await cell.read_event_history(now() - HOUR, now() + HOUR, evtypes=engineer.get_node(kind))

    events = await eventually(recorded)
    assert ("Running", "Tapping") in [(it.FromPhase, it.ToPhase) for it in events]
    assert [it.Time for it in events] == sorted(it.Time for it in events)
    backward = await cell.read_event_history(now() + HOUR, now() - HOUR, evtypes=engineer.get_node(kind))
    assert [it.EventId for it in backward][-len(events):] == [it.EventId for it in reversed(events)]
    (newest,) = await cell.read_event_history(None, now() + HOUR, 1, evtypes=engineer.get_node(kind))
    assert newest.EventId == backward[0].EventId


async def test_ha_28_events_are_inserted_replaced_and_deleted(engineer):
    cell = engineer.get_node(CELL)
    event_id, time = uuid.uuid4().bytes, datetime.datetime(2019, 5, 1, tzinfo=datetime.timezone.utc)
    insert, replace = ua.PerformUpdateType.Insert, ua.PerformUpdateType.Replace

    async def read():
        return await cell.read_event_history(time - HOUR, time + HOUR)

    done = await cell.history_update(written(CELL, insert, event_id, time, "first"))
    assert names(done) == ["GoodEntryInserted"]
    done = await cell.history_update(written(CELL, insert, event_id, time, "again"))
    assert names(done) == ["BadEntryExists"]
    (event,) = await read()
    assert (event.Message.Text, event.Severity, event.SourceName) == ("first", 321, "Line1.EL101")
    done = await cell.history_update(written(CELL, replace, event_id, time, "second"))
    assert names(done) == ["GoodEntryReplaced"]
    assert [it.Message.Text for it in await read()] == ["second"]
    details = ua.DeleteEventDetails(NodeId=cell.nodeid, EventIds=[event_id, b"nobody"])
    assert names(await cell.history_update(details)) == ["Good", "BadNoEntryExists"]
    assert await read() == []


async def test_ha_28_an_observer_reads_and_does_not_write(anonymous):
    cell = anonymous.get_node(CELL)
    access = ua.EventNotifier
    assert await cell.read_event_notifier() == {access.SubscribeToEvents, access.HistoryRead}
    details = ua.DeleteEventDetails(NodeId=cell.nodeid, EventIds=[b"any"])
    with pytest.raises(ua.uaerrors.BadUserAccessDenied):
        await cell.history_update(details)


async def test_ha_28_changes_of_the_history_are_read_by_who_may_hear_of_them(engineer, anonymous, administrator):
    cell = engineer.get_node(CELL)
    event_id, time = uuid.uuid4().bytes, datetime.datetime(2018, 5, 1, tzinfo=datetime.timezone.utc)
    await cell.history_update(written(CELL, ua.PerformUpdateType.Insert, event_id, time, "audited"))
    kind = ua.ObjectIds.AuditHistoryEventUpdateEventType

    async def seen_by(client):
        return await client.nodes.server.read_event_history(now() - HOUR, now() + HOUR, evtypes=kind)

    events = await eventually(lambda: seen_by(administrator))
    event = events[-1]
    assert (event.ClientUserId, event.UpdatedNode) == ("eng", cell.nodeid)
    assert event.NewValues[0].EventFields[0].Value == event_id
    assert await seen_by(anonymous) == await seen_by(engineer) == []


async def test_ha_28_a_new_history_has_the_alarms_of_the_past_in_it(tmp_path):
    running = Plant(tmp_path)
    at = running.command.index("--backfill")
    running.command[at + 1] = "2"
    running.start(timeout_s=120)
    try:
        async with Client(running.url, timeout=60) as client:
            alarms = await client.nodes.server.read_event_history(
                now() - 3 * HOUR, now(), evtypes=ua.ObjectIds.AlarmConditionType
            )
            events = await client.nodes.server.read_event_history(now() - 3 * HOUR, now())
        past = [it for it in events if it.Time.replace(tzinfo=datetime.timezone.utc) < now() - HOUR]
        assert past and alarms
    finally:
        assert running.stop() == 0
