"""Historical access with python asyncua: filled, read, changed and annotated (HA-*).

SAMPLES is also in tests/clients/node/history.test.js: both clients read the same values.
"""

from datetime import datetime, timedelta, timezone

import pytest
from asyncua import ua

from plant import eventually

URI = "urn:cellhouse:conformance"
START = datetime(2011, 1, 1, tzinfo=timezone.utc)
# Seconds behind the start, value, status.
SAMPLES = [
    (0, 10.5, "Good"),
    (10, 11.25, "Good"),
    (20, -3.0, "UncertainLastUsableValue"),
    (30, 12.0, "Good"),
    (40, 0.1, "Good"),
    (50, 1e300, "Good"),
]
AVERAGE = ua.NodeId(ua.ObjectIds.AggregateFunction_Average)
COUNT = ua.NodeId(ua.ObjectIds.AggregateFunction_AnnotationCount)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


async def node_of(client, name: str = "Double"):
    return client.get_node(ua.NodeId(f"History.{name}", await client.get_namespace_index(URI)))


def sent(samples) -> list[ua.DataValue]:
    return [
        ua.DataValue(ua.Variant(value, ua.VariantType.Double), ua.StatusCode(getattr(ua.StatusCodes, status)), at(seconds))
        for seconds, value, status in samples
    ]


def seen(values) -> list[tuple]:
    return [((it.SourceTimestamp.replace(tzinfo=timezone.utc) - START).total_seconds(), it.Value.Value, it.StatusCode.name)
            for it in values]


async def perform(node, how: ua.PerformUpdateType, samples) -> list[str]:
    details = ua.UpdateDataDetails(NodeId=node.nodeid, PerformInsertReplace=how, UpdateValues=sent(samples))
    return [it.name for it in (await node.history_update(details)).OperationResults]


def deletion(node, start: float, end: float) -> ua.DeleteRawModifiedDetails:
    return ua.DeleteRawModifiedDetails(
        NodeId=node.nodeid, IsDeleteModified=False, StartTime=at(start), EndTime=at(end))


async def empty(node) -> None:
    details = deletion(node, -1000, 10_000)
    (result,) = await node.session.history_update(ua.HistoryUpdateParameters([details]))
    assert result.StatusCode.name in ("Good", "BadNoData")


async def filled(client):
    node = await node_of(client)
    await empty(node)
    assert await perform(node, ua.PerformUpdateType.Insert, SAMPLES) == ["GoodEntryInserted"] * len(SAMPLES)
    return node


async def read(node, details, more: bytes | None = None) -> ua.HistoryReadResult:
    return await node.history_read(details, more)


async def test_ha_01_read_raw_history_gives_what_was_inserted(eng):
    node = await filled(eng)
    assert seen(await node.read_raw_history(at(0), at(60), return_bounds=False)) == SAMPLES
    backwards = await node.read_raw_history(at(50), at(5), return_bounds=False)
    assert seen(backwards) == SAMPLES[:0:-1]
    assert seen(await node.read_raw_history(at(0), None, 3, return_bounds=False)) == SAMPLES[:3]
    assert seen(await node.read_raw_history(None, at(50), 2, return_bounds=False)) == SAMPLES[:3:-1]


async def test_ha_04_pages_are_followed_to_the_end(eng):
    node = await filled(eng)
    details = ua.ReadRawModifiedDetails(
        IsReadModified=False, StartTime=at(0), EndTime=at(60), NumValuesPerNode=4, ReturnBounds=False)
    first = await read(node, details)
    assert seen(first.HistoryData.DataValues) == SAMPLES[:4] and first.ContinuationPoint
    second = await read(node, details, first.ContinuationPoint)
    assert seen(second.HistoryData.DataValues) == SAMPLES[4:] and not second.ContinuationPoint
    again = await read(node, details, first.ContinuationPoint)
    assert again.StatusCode.name == "BadContinuationPointInvalid"


async def test_ha_29_processed_values(eng):
    node = await filled(eng)
    details = ua.ReadProcessedDetails(
        StartTime=at(0), EndTime=at(40), ProcessingInterval=20_000, AggregateType=[AVERAGE],
        AggregateConfiguration=ua.AggregateConfiguration(UseServerCapabilitiesDefaults=True))
    result = await read(node, details)
    values = result.HistoryData.DataValues
    assert [it.Value.Value for it in values] == [10.875, 12.0]
    # The uncertain sample is not counted; both values are calculated.
    assert [it.StatusCode.value for it in values] == [ua.StatusCodes.Good | 0x401, ua.StatusCodes.UncertainDataSubNormal | 0x401]


async def test_ha_18_values_at_given_times(eng):
    node = await filled(eng)
    details = ua.ReadAtTimeDetails(ReqTimes=[at(10), at(5), at(35)], UseSimpleBounds=False)
    values = (await read(node, details)).HistoryData.DataValues
    assert [it.Value.Value for it in values] == [11.25, 10.875, pytest.approx(6.05)]
    assert [it.StatusCode.value & 3 for it in values] == [0, 2, 2]


async def test_ha_20_to_22_insert_replace_and_update_have_a_result_for_each_value(eng):
    node = await filled(eng)
    there, new = (10, 7.0, "Good"), (15, 8.0, "Good")
    assert await perform(node, ua.PerformUpdateType.Insert, [there]) == ["BadEntryExists"]
    assert await perform(node, ua.PerformUpdateType.Replace, [there, new]) == ["GoodEntryReplaced", "BadNoEntryExists"]
    assert await perform(node, ua.PerformUpdateType.Update, [there, new]) == ["GoodEntryReplaced", "GoodEntryInserted"]
    assert seen(await node.read_raw_history(at(5), at(20), return_bounds=False)) == [there, new]


async def test_ha_23_and_24_what_was_deleted_stays_on_record(eng):
    node = await filled(eng)
    before = datetime.now(timezone.utc)
    await node.history_update(deletion(node, 10, 30))
    assert seen(await node.read_raw_history(at(0), at(60), return_bounds=False)) == [SAMPLES[0], *SAMPLES[3:]]
    details = ua.ReadRawModifiedDetails(IsReadModified=True, StartTime=at(0), EndTime=at(60), ReturnBounds=False)
    found = (await read(node, details)).HistoryData
    changes = [
        (value, info) for value, info in zip(found.DataValues, found.ModificationInfos)
        if info.ModificationTime.replace(tzinfo=timezone.utc) >= before and info.UpdateType == ua.HistoryUpdateType.Delete
    ]
    assert seen([it[0] for it in changes]) == SAMPLES[1:3]
    assert {it[1].UserName for it in changes} == {"eng"}


async def test_ha_25_an_observer_reads_and_changes_nothing(eng, vera):
    await filled(eng)
    node = await node_of(vera)
    assert seen(await node.read_raw_history(at(0), at(60), return_bounds=False)) == SAMPLES
    with pytest.raises(ua.uaerrors.BadUserAccessDenied):
        await perform(node, ua.PerformUpdateType.Update, SAMPLES)


async def test_ha_38_annotations_are_written_read_and_counted(eng):
    node = await filled(eng)
    notes = await node_of(eng, "Double.Annotations")
    await empty(notes)
    said = [(20, "sensor cleaned"), (30, "crust broken")]
    values = [
        ua.DataValue(ua.Variant(ua.Annotation(text, "eng", at(100)), ua.VariantType.ExtensionObject),
                     ua.StatusCode(0), at(seconds))
        for seconds, text in said
    ]
    details = ua.UpdateStructureDataDetails(
        NodeId=notes.nodeid, PerformInsertReplace=ua.PerformUpdateType.Insert, UpdateValues=values)
    result = await notes.history_update(details)
    assert [it.name for it in result.OperationResults] == ["GoodEntryInserted"] * 2
    found = await notes.read_raw_history(at(0), at(60), return_bounds=False)
    assert [(it.Value.Value.Message, it.Value.Value.UserName) for it in found] == [(text, "eng") for _, text in said]
    details = ua.ReadProcessedDetails(
        StartTime=at(0), EndTime=at(60), ProcessingInterval=0, AggregateType=[COUNT],
        AggregateConfiguration=ua.AggregateConfiguration(UseServerCapabilitiesDefaults=True))
    (count,) = (await read(node, details)).HistoryData.DataValues
    assert count.Value.Value == 2


async def test_what_is_written_to_a_variable_is_recorded(eng):
    node = await node_of(eng, "Int32")
    for number in (41, 42):
        await node.write_value(number, ua.VariantType.Int32)
    now = datetime.now(timezone.utc) + timedelta(seconds=10)

    async def recorded():
        values = await node.read_raw_history(None, now, 2, return_bounds=False)
        return [it.Value.Value for it in values] == [42, 41]

    await eventually(recorded)
