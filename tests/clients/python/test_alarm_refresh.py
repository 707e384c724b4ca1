"""Refreshes, also while alarms change and clients come and go (AC-14 to AC-16, AC-28)."""

import asyncio
import contextlib
from collections import Counter

from asyncua import ua

from alarms import (ACKNOWLEDGE, REFRESH, REFRESH_END, REFRESH_ONE, REFRESH_START, Alarms, call, call_all, refresh,
                    refresh_one, refused, said, write)
from conftest import secure_client
from plant import eventually

NULL = ua.NodeId()
UINT32 = ua.VariantType.UInt32


def fixture(client):
    return client.get_node(ua.NodeId("AlarmFixture", 2))


async def many(olga, alarms) -> None:
    """Nearly every alarm of the fixture is active."""
    await write(olga, "AnalogSource", 95.0)
    await write(olga, "BooleanSource", True)
    await write(olga, "DialogSource", True)
    for name in ("ExclusiveLevel", "NonExclusiveLevel", "ExclusiveDeviation", "OffNormal", "Trip", "Safety",
                 "Delayed", "Discrepancy"):
        await alarms.last(name, ActiveState_Id=True)
    await alarms.last("Dialog", DialogState_Id=True)


async def test_ac_14_a_refresh_tells_every_condition_as_it_is(olga, alarms):
    await many(olga, alarms)
    event = await alarms.last("Trip", ActiveState_Id=True)
    await call(olga, "Trip", ACKNOWLEDGE, event["EventId"], said("seen"))
    newest = {it["ConditionName"]: it for it in alarms.events}
    refreshed = await alarms.refresh()
    names = [it["ConditionName"] for it in refreshed]
    assert len(names) == len(set(names)) and {"ExclusiveLevel", "Trip", "Safety", "Dialog"} <= set(names)
    assert all(it["Retain"] for it in refreshed)
    for event in refreshed:
        name = event["ConditionName"]
        if name in ("ExclusiveLevel", "Safety", "Dialog"):
            told = newest[name]
            assert {k: v for k, v in event.items() if k != "ReceiveTime"} == \
                {k: v for k, v in told.items() if k != "ReceiveTime"}, "also its EventId and Time are those of the event"
    trip = next(it for it in refreshed if it["ConditionName"] == "Trip")
    assert trip["AckedState.Id"] and trip["Comment"].Text == "seen" and trip["ClientUserId"] == "olga"


async def test_ac_14_a_refresh_while_alarms_change_loses_nothing(olga, sven, alarms):
    """Sources go on changing while two clients refresh again and again."""
    await many(olga, alarms)
    other = await Alarms(sven).start(fixture(sven))
    stop = asyncio.Event()

    async def toggle() -> int:
        writes = 0
        while not stop.is_set():
            for value in (15.0, 95.0):
                await write(sven, "AnalogSource", value)
                await write(sven, "DialogSource", value > 50)
                writes += 1
                await asyncio.sleep(0.4)
        return writes

    toggling = asyncio.create_task(toggle())
    try:
        for _ in range(8):
            refreshed = await alarms.refresh()
            # Each condition and each of its branches once; what is live comes before or after, never between.
            count = Counter((it["ConditionName"], it["BranchId"]) for it in refreshed)
            assert max(count.values()) == 1, count.most_common(3)
            assert all(it["Retain"] for it in refreshed)
            assert {"Trip", "Safety", "OffNormal"} <= {it["ConditionName"] for it in refreshed}
    finally:
        stop.set()
        await toggling
    await write(olga, "AnalogSource", 50.0)

    def live(listener):
        """EventIds outside refreshes."""
        told, inside = [], False
        for event in listener.events:
            if event["EventType"] in (REFRESH_START, REFRESH_END):
                inside = event["EventType"] == REFRESH_START
            elif not inside:
                told.append(event["EventId"])
        return told

    await other.last("ExclusiveLevel", ActiveState_Id=False)
    last = other.of("ExclusiveLevel")[-1]["EventId"]

    async def same_end():
        return last in live(alarms)

    await eventually(same_end)
    own = live(alarms)
    assert len(own) == len(set(own)), "each live event once"
    heard = set(own)
    assert [it for it in live(other) if it not in heard] == [], "who refreshes loses no live event"
    assert len(alarms.of_type(REFRESH_START)) == len(alarms.of_type(REFRESH_END)) == 8
    assert not other.of_type(REFRESH_START), "the refresh of another client concerns nobody else"
    await other.stop()


async def test_ac_14_ac_16_only_the_item_that_asks_is_refreshed(olga, alarms):
    await many(olga, alarms)
    second = await alarms.add(fixture(olga), 1000, 4712)
    await refresh_one(olga, alarms.subscription.subscription_id, second)

    async def ended():
        return alarms.of_type(REFRESH_END)

    (end,) = await eventually(ended)
    (start,) = alarms.of_type(REFRESH_START)
    assert start["handle"] == end["handle"] == 4712
    await write(olga, "AnalogSource", 50.0)
    await alarms.last("ExclusiveLevel", ActiveState_Id=False)
    inside = alarms.events[alarms.events.index(start) + 1 : alarms.events.index(end)]
    assert {it["handle"] for it in inside} == {4712}
    await refresh(olga, alarms.subscription.subscription_id)

    async def all_ended():
        return len(alarms.of_type(REFRESH_END)) == 3

    await eventually(all_ended)
    assert Counter(it["handle"] for it in alarms.of_type(REFRESH_START)) == {4711: 1, 4712: 2}


async def test_ac_15_a_second_refresh_while_one_runs_is_refused(olga, alarms):
    await many(olga, alarms)
    number = ua.Variant(alarms.subscription.subscription_id, UINT32)
    codes = await call_all(olga, [(ua.NodeId(2782), REFRESH, number)] * 2)
    assert codes == ["Good", "BadRefreshInProgress"]

    async def ended():
        return alarms.of_type(REFRESH_END)

    await eventually(ended)
    assert len(alarms.of_type(REFRESH_START)) == 1


async def test_ac_15_a_foreign_subscription_is_refused(olga, sven, alarms):
    number = alarms.subscription.subscription_id
    assert await refused(refresh(olga, 999_999)) == "BadSubscriptionIdInvalid"
    assert await refused(refresh(olga, 0)) == "BadSubscriptionIdInvalid"
    assert await refused(refresh(sven, number)) in ("BadSubscriptionIdInvalid", "BadUserAccessDenied")
    kind = olga.get_node(ua.NodeId(2782))
    assert await refused(kind.call_method(ua.NodeId(REFRESH))) == "BadArgumentsMissing"
    assert await refused(kind.call_method(ua.NodeId(REFRESH), "1")) == "BadInvalidArgument"
    assert alarms.events == []


async def test_ac_16_an_item_that_hears_no_events_is_refused(olga, alarms):
    subscription = alarms.subscription
    data = await subscription.subscribe_data_change(olga.get_node(ua.NodeId("AlarmFixture.AnalogSource", 2)))
    number = subscription.subscription_id
    for item in (data, 999_999, 0):
        assert await refused(refresh_one(olga, number, item)) == "BadMonitoredItemIdInvalid"
    kind = olga.get_node(ua.NodeId(2782))
    assert await refused(kind.call_method(ua.NodeId(REFRESH_ONE), ua.Variant(number, UINT32))) == "BadArgumentsMissing"
    await subscription.unsubscribe(data)


async def test_ac_28_who_comes_back_sees_what_is_active_and_what_comes(alarm_server, certificate, olga, alarms):
    await write(olga, "AnalogSource", 85.0)
    event = await alarms.last("ExclusiveLevel", ActiveState_Id=True)
    for _ in range(3):
        lost = await secure_client(alarm_server, certificate, "olga")
        await lost.connect()
        await Alarms(lost).start(fixture(lost))
        lost.uaclient.protocol.transport.abort()
        with contextlib.suppress(ConnectionError, ua.UaError, asyncio.TimeoutError):
            await lost.disconnect()
        async with await secure_client(alarm_server, certificate, "olga") as client:
            again = await Alarms(client).start(fixture(client))
            refreshed = {it["ConditionName"]: it for it in await again.refresh()}
            assert refreshed["ExclusiveLevel"]["EventId"] == event["EventId"]
            await write(client, "BooleanSource", True)
            await again.last("OffNormal", ActiveState_Id=True)
            await write(client, "BooleanSource", False)
            await again.last("OffNormal", ActiveState_Id=False)
