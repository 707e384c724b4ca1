"""States of alarms as an operator's list shows them (AC-01 to AC-03, AC-12, AC-18, AC-22, AC-24)."""

from asyncua import ua

from alarms import (ACKNOWLEDGE, CONFIRM, DISABLE, ENABLE, ONE_SHOT_SHELVE, RESET, TIMED_SHELVE, UNSHELVE, call, condition,
                    refused, said, settle, write)
from plant import eventually


def node(name: str) -> ua.NodeId:
    return ua.NodeId(f"AlarmFixture.{name}", 2)


async def test_ac_01_a_limit_is_crossed_crossed_further_and_left(olga, alarms):
    await write(olga, "AnalogSource", 85.0)
    event = await alarms.last("ExclusiveLevel", ActiveState_Id=True)
    assert event["LimitState.CurrentState"].Text == "High" and event["Severity"] == 500
    assert event["Retain"] and not event["AckedState.Id"] and "AlarmFixture" in event["Message"].Text
    assert event["SourceName"] == "AlarmFixture" and event["HighLimit"] == 80.0
    assert event["ConditionId"] == node("Alarms.ExclusiveLevel")
    await write(olga, "AnalogSource", 95.0)
    event = await alarms.last("ExclusiveLevel", Severity=900)
    assert event["LimitState.CurrentState"].Text == "HighHigh" and event["LastSeverity"] == 500
    await write(olga, "AnalogSource", 50.0)
    event = await alarms.last("ExclusiveLevel", ActiveState_Id=False)
    assert event["Retain"] and not event["AckedState.Id"]
    await settle(olga, alarms, "ExclusiveLevel")
    event = await alarms.last("ExclusiveLevel", Retain=False)
    assert event["AckedState.Id"] and event["ConfirmedState.Id"]
    times = [it["Time"] for it in alarms.of("ExclusiveLevel")]
    assert times == sorted(times) and len({it["EventId"] for it in alarms.events}) == len(alarms.events)


async def test_ac_01_a_limit_is_left_only_by_its_deadband(olga, alarms):
    await write(olga, "AnalogSource", 95.0)
    await alarms.last("ExclusiveLevel", Severity=900)
    await write(olga, "AnalogSource", 89.5)
    await alarms.last("ExclusiveRateOfChange", ActiveState_Id=False)
    assert alarms.of("ExclusiveLevel")[-1]["LimitState.CurrentState"].Text == "HighHigh"
    await write(olga, "AnalogSource", 88.5)
    event = await alarms.last("ExclusiveLevel", Severity=500)
    assert event["LimitState.CurrentState"].Text == "High" and event["ActiveState.Id"]


async def test_ac_02_exclusive_alarms_have_one_state_and_the_others_several(olga, alarms):
    await write(olga, "AnalogSource", 95.0)
    for name in ("ExclusiveLevel", "ExclusiveLimit"):
        event = await alarms.last(name, ActiveState_Id=True)
        assert event["LimitState.CurrentState.Id"] == ua.NodeId(9329), name
        assert event["HighHighState.Id"] is None, name
    for name in ("NonExclusiveLevel", "NonExclusiveLimit"):
        event = await alarms.last(name, ActiveState_Id=True)
        assert event["HighHighState.Id"] and event["HighState.Id"], name
        assert event["LowState.Id"] is False and event["LowLowState.Id"] is False, name
        assert event["LimitState.CurrentState"] is None, name
        assert event["ActiveState.EffectiveDisplayName"].Text == "HighHigh High"
    await write(olga, "AnalogSource", 15.0)
    event = await alarms.last("NonExclusiveLevel", LowState_Id=True)
    assert event["LowLowState.Id"] is False and event["HighState.Id"] is False
    await alarms.last("ExclusiveLevel", LimitState_CurrentState_Id=ua.NodeId(9333))


async def test_ac_02_a_deviation_is_from_the_setpoint_node(olga, alarms):
    await write(olga, "SetpointSource", 35.0)
    event = await alarms.last("ExclusiveDeviation", ActiveState_Id=True)
    assert event["SetpointNode"] == node("SetpointSource") and event["InputNode"] == node("AnalogSource")
    assert event["LimitState.CurrentState"].Text == "High" and event["Severity"] == 300
    event = await alarms.last("NonExclusiveDeviation", ActiveState_Id=True)
    assert event["HighState.Id"] and not event["HighHighState.Id"]
    assert await condition(olga, "NonExclusiveDeviation.SetpointNode").read_value() == node("SetpointSource")
    assert not alarms.of("ExclusiveLevel"), "the level has not moved"
    await write(olga, "SetpointSource", 75.0)
    event = await alarms.last("ExclusiveDeviation", LimitState_CurrentState_Id=ua.NodeId(9335))
    assert event["Severity"] == 700


async def test_ac_02_a_rate_of_change_lasts_as_long_as_the_change(olga, alarms):
    await write(olga, "AnalogSource", 65.0)
    for name in ("ExclusiveRateOfChange", "NonExclusiveRateOfChange"):
        await alarms.last(name, ActiveState_Id=True)
        event = await alarms.last(name, ActiveState_Id=False)
        assert event["Retain"], "nobody has acknowledged it"
    assert not alarms.of("ExclusiveLevel")


async def test_ac_03_discrete_alarms_come_with_the_value_that_is_not_normal(olga, alarms):
    await write(olga, "BooleanSource", True)
    for name, class_name in (("OffNormal", "ProcessConditionClassType"), ("Trip", "ProcessConditionClassType"),
                             ("SystemOffNormal", "SystemConditionClassType"),
                             ("Safety", "SafetyConditionClassType")):
        event = await alarms.last(name, ActiveState_Id=True)
        assert event["ConditionClassName"].Text == class_name
        assert event["InputNode"] == node("BooleanSource")
        assert await olga.get_node(event["NormalState"]).read_value() is False
    await write(olga, "BooleanSource", False)
    await alarms.last("OffNormal", ActiveState_Id=False)


async def test_ac_12_a_disabled_condition_says_so_once_and_then_nothing(olga, eng, alarms):
    await write(olga, "AnalogSource", 85.0)
    await alarms.last("ExclusiveLevel", ActiveState_Id=True)
    await call(eng, "ExclusiveLevel", DISABLE)
    event = await alarms.last("ExclusiveLevel", EnabledState_Id=False)
    assert not event["Retain"] and event["ClientUserId"] == "eng"
    told = len(alarms.of("ExclusiveLevel"))
    await write(olga, "AnalogSource", 95.0)
    await alarms.last("ExclusiveLimit", Severity=900)
    assert len(alarms.of("ExclusiveLevel")) == told
    assert "ExclusiveLevel" not in [it["ConditionName"] for it in await alarms.refresh()]
    await call(eng, "ExclusiveLevel", ENABLE)
    event = await alarms.last("ExclusiveLevel", ActiveState_Id=True, Severity=900)
    assert event["Retain"] and event["EnabledState.Id"]


async def cycle(olga, alarms, name="ExclusiveLevel") -> dict:
    """The alarm comes, goes and comes again, acknowledged by nobody: the event of its branch."""

    async def present(is_active: bool):
        trunk = [it for it in alarms.of(name) if not it["BranchId"].Identifier]
        return bool(trunk) and trunk[-1]["ActiveState.Id"] is is_active

    before = len([it for it in alarms.of(name) if it["BranchId"].Identifier])
    for value, is_active in ((85.0, True), (50.0, False), (85.0, True)):
        await write(olga, "AnalogSource", value)
        await eventually(lambda is_active=is_active: present(is_active))

    async def branched():
        return [it for it in alarms.of(name) if it["BranchId"].Identifier][before:]

    return (await eventually(branched))[-1]


async def test_ac_18_what_was_not_acknowledged_goes_on_as_a_branch(olga, alarms):
    first = await cycle(olga, alarms)
    assert first["Retain"] and not first["AckedState.Id"] and not first["ActiveState.Id"]
    trunk = await alarms.last("ExclusiveLevel", ActiveState_Id=True, BranchId=ua.NodeId())
    assert trunk["EventId"] != first["EventId"] and trunk["Retain"]
    refreshed = [it for it in await alarms.refresh() if it["ConditionName"] == "ExclusiveLevel"]
    assert sorted(bool(it["BranchId"].Identifier) for it in refreshed) == [False, True]
    # The present occurrence is done; its Retain stays because of the branch.
    await write(olga, "AnalogSource", 50.0)
    await alarms.last("ExclusiveLevel", ActiveState_Id=False, BranchId=ua.NodeId())
    trunk = [it for it in alarms.of("ExclusiveLevel") if not it["BranchId"].Identifier][-1]
    await call(olga, "ExclusiveLevel", ACKNOWLEDGE, trunk["EventId"], said(""))
    await call(olga, "ExclusiveLevel", CONFIRM, trunk["EventId"], said(""))
    trunk = await alarms.last("ExclusiveLevel", ConfirmedState_Id=True, AckedState_Id=True, BranchId=ua.NodeId())
    assert trunk["Retain"], "its branch still waits"
    # The branch is acknowledged and confirmed by its own event; with it the condition is done.
    await call(olga, "ExclusiveLevel", ACKNOWLEDGE, first["EventId"], said("seen late"))
    event = await alarms.last("ExclusiveLevel", BranchId=first["BranchId"], AckedState_Id=True)
    assert event["Comment"].Text == "seen late" and event["Retain"]
    await call(olga, "ExclusiveLevel", CONFIRM, event["EventId"], said(""))
    event = await alarms.last("ExclusiveLevel", BranchId=first["BranchId"], Retain=False)
    await alarms.last("ExclusiveLevel", BranchId=ua.NodeId(), Retain=False)
    assert await refused(call(olga, "ExclusiveLevel", ACKNOWLEDGE, first["EventId"], said(""))) == "BadEventIdUnknown"


async def test_ac_18_each_occurrence_is_a_branch_of_its_own(olga, alarms):
    branches = {(await cycle(olga, alarms))["BranchId"]}
    branches.add((await cycle(olga, alarms))["BranchId"])
    assert len(branches) == 2
    refreshed = [it for it in await alarms.refresh() if it["ConditionName"] == "ExclusiveLevel"]
    assert branches <= {it["BranchId"] for it in refreshed}


async def test_ac_18_a_branch_is_shelved_with_its_alarm_and_no_longer(olga, alarms):
    await write(olga, "AnalogSource", 85.0)
    event = await alarms.last("ExclusiveLevel", ActiveState_Id=True)
    await call(olga, "ExclusiveLevel", ACKNOWLEDGE, event["EventId"], said("on my way"))
    await call(olga, "ExclusiveLevel", TIMED_SHELVE, 60_000.0)
    branch = await cycle(olga, alarms)
    assert branch["SuppressedOrShelved"] and branch["Comment"].Text == "on my way"
    assert branch["Message"].Text.endswith("before it was confirmed")
    anew = await alarms.last("ExclusiveLevel", ActiveState_Id=True, AckedState_Id=False, SuppressedOrShelved=True)
    assert not anew["Comment"].Text and not anew["ClientUserId"], "nobody has said anything about this one"
    await call(olga, "ExclusiveLevel", UNSHELVE)
    refreshed = [it for it in await alarms.refresh() if it["ConditionName"] == "ExclusiveLevel"]
    assert [it["SuppressedOrShelved"] for it in refreshed] == [False, False]


async def test_ac_22_delays_go_by_the_plants_clock(olga, alarms):
    await write(olga, "BooleanSource", True)
    prompt = await alarms.last("OffNormal", ActiveState_Id=True)
    delayed = await alarms.last("Delayed", ActiveState_Id=True)
    assert delayed["OnDelay"] == delayed["OffDelay"] == 3000.0
    assert 2.9 <= (delayed["Time"] - prompt["Time"]).total_seconds() <= 4.1
    await write(olga, "BooleanSource", False)
    prompt = await alarms.last("OffNormal", ActiveState_Id=False)
    delayed = await alarms.last("Delayed", ActiveState_Id=False)
    assert 2.9 <= (delayed["Time"] - prompt["Time"]).total_seconds() <= 4.1


async def test_ac_22_what_comes_and_goes_within_its_delay_is_never_told(olga, alarms):
    await write(olga, "BooleanSource", True)
    await alarms.last("OffNormal", ActiveState_Id=True)
    await write(olga, "BooleanSource", False)
    await alarms.last("OffNormal", ActiveState_Id=False)
    await write(olga, "BooleanSource", True)
    await alarms.last("Delayed", ActiveState_Id=True)
    assert len(alarms.of("Delayed")) == 1


async def test_ac_22_what_stays_active_is_told_anew(olga, alarms):
    await write(olga, "BooleanSource", True)
    event = await alarms.last("ReAlarming", ActiveState_Id=True)
    assert event["ReAlarmTime"] == 3000.0 and event["ReAlarmRepeatCount"] == 0
    await call(olga, "ReAlarming", ACKNOWLEDGE, event["EventId"], said(""))
    acknowledged = await alarms.last("ReAlarming", AckedState_Id=True)
    again = await alarms.last("ReAlarming", ReAlarmRepeatCount=1)
    assert not again["AckedState.Id"] and again["ActiveState.Id"] and again["EventId"] != event["EventId"]
    assert 2.0 <= (again["Time"] - acknowledged["Time"]).total_seconds() <= 4.1


async def test_ac_22_what_lasts_becomes_more_severe(olga, alarms):
    await write(olga, "BooleanSource", True)
    event = await alarms.last("Escalating", ActiveState_Id=True)
    await call(olga, "Escalating", ACKNOWLEDGE, event["EventId"], said(""))
    worse = await alarms.last("Escalating", Severity=900)
    assert worse["LastSeverity"] == event["Severity"] and not worse["AckedState.Id"]


async def test_ac_22_the_first_of_a_group_is_marked(olga, alarms):
    await write(olga, "SetpointSource", 35.0)
    first = await alarms.last("ExclusiveDeviation", ActiveState_Id=True)
    assert first["FirstInGroupFlag"] is True
    await write(olga, "BooleanSource", True)
    second = await alarms.last("OffNormal", ActiveState_Id=True)
    assert second["FirstInGroupFlag"] is False
    marked = {it["ConditionName"] for it in alarms.events if it["FirstInGroupFlag"]}
    assert marked == {"ExclusiveDeviation"}


async def test_ac_24_a_bad_input_is_told_and_the_state_stays(olga, alarms):
    await write(olga, "AnalogSource", 85.0)
    event = await alarms.last("ExclusiveLevel", ActiveState_Id=True)
    assert event["Quality"].is_good()
    await write(olga, "SensorFailed", True)

    async def bad():
        return next((it for it in alarms.of("ExclusiveLevel") if it["Quality"].is_bad()), None)

    event = await eventually(bad)
    assert event["Quality"].value == ua.StatusCodes.BadSensorFailure
    assert event["ActiveState.Id"] and event["Severity"] == 500, "what was known stays"
    sensor = await alarms.last("Sensor", ActiveState_Id=True)
    assert sensor["ConditionClassName"].Text == "MaintenanceConditionClassType"
    await write(olga, "AnalogSource", 95.0)
    await write(olga, "SensorFailed", False)
    event = await alarms.last("ExclusiveLevel", Severity=900)
    assert event["Quality"].is_good()
    await alarms.last("Sensor", ActiveState_Id=False)


async def test_ac_21_a_trip_stays_latched_until_it_is_reset(olga, alarms):
    await write(olga, "BooleanSource", True)
    event = await alarms.last("Trip", ActiveState_Id=True)
    assert event["LatchedState.Id"]
    assert await refused(call(olga, "Trip", RESET)) == "BadInvalidState"
    await write(olga, "BooleanSource", False)
    await alarms.last("Trip", ActiveState_Id=False)
    await settle(olga, alarms, "Trip")
    event = await alarms.last("Trip", ConfirmedState_Id=True, AckedState_Id=True)
    assert event["Retain"] and event["LatchedState.Id"], "it waits for Reset"
    assert await refused(call(olga, "Trip", RESET)) == "Good"
    await alarms.last("Trip", Retain=False, LatchedState_Id=False)
    assert await refused(call(olga, "Trip", RESET)) == "BadInvalidState"
    assert await refused(call(olga, "Trip", ONE_SHOT_SHELVE)) == "Good"
