"""What people do with alarms, right and wrong (AC-04 to AC-11, AC-13, AC-19 to AC-21, AC-23)."""

import pytest_asyncio
from asyncua import Client, ua

from alarms import (ACKNOWLEDGE, COMMENT, CONFIRM, DISABLE, ENABLE, IN_SERVICE, ONE_SHOT_SHELVE, OUT_OF_SERVICE,
                    RESET, RESPOND, SILENCE, SUPPRESS, TIMED_SHELVE, UNSHELVE, UNSUPPRESS, call, condition, refused,
                    said, settle, write)
from plant import eventually

LEVEL = "ExclusiveLevel"


@pytest_asyncio.fixture
async def active(olga, alarms) -> dict:
    """The event of a level alarm that has just become active."""
    await write(olga, "AnalogSource", 85.0)
    return await alarms.last(LEVEL, ActiveState_Id=True)


def int32(value: int) -> ua.Variant:
    return ua.Variant(value, ua.VariantType.Int32)


async def test_ac_04_acknowledged_with_a_comment(olga, alarms, active):
    await call(olga, LEVEL, ACKNOWLEDGE, active["EventId"], said("on my way"))
    event = await alarms.last(LEVEL, AckedState_Id=True)
    assert (event["Comment"].Text, event["Comment"].Locale) == ("on my way", "en")
    assert event["ClientUserId"] == "olga" and event["Retain"] and event["ActiveState.Id"]
    assert event["ConfirmedState.Id"] is False
    assert event["AckedState"].Text == "Acknowledged" and event["ConfirmedState"].Text == "Unconfirmed"
    assert event["EventId"] != active["EventId"]
    await call(olga, LEVEL, CONFIRM, event["EventId"], said("valve opened"))
    event = await alarms.last(LEVEL, ConfirmedState_Id=True, AckedState_Id=True)
    assert event["Comment"].Text == "valve opened" and event["Retain"], "it is still active"


async def test_ac_05_unknown_event_ids_are_refused(olga, alarms, active):
    await write(olga, "BooleanSource", True)
    other = await alarms.last("OffNormal", ActiveState_Id=True)
    for event_id in (bytes(16), b"no such event id", b"x", b"", None, bytes(4096), other["EventId"]):
        event_id = ua.Variant(event_id, ua.VariantType.ByteString)
        for method in (ACKNOWLEDGE, CONFIRM, COMMENT):
            assert await refused(call(olga, LEVEL, method, event_id, said("no"))) == "BadEventIdUnknown"
    assert len(alarms.of(LEVEL)) == 1


async def test_ac_06_the_second_one_comes_too_late(olga, sven, alarms, active):
    await call(olga, LEVEL, ACKNOWLEDGE, active["EventId"], said(""))
    for client in (olga, sven):
        code = await refused(call(client, LEVEL, ACKNOWLEDGE, active["EventId"], said("me too")))
        assert code == "BadConditionBranchAlreadyAcked"
    await call(sven, LEVEL, CONFIRM, active["EventId"], said(""))
    for client in (olga, sven):
        code = await refused(call(client, LEVEL, CONFIRM, active["EventId"], said("me too")))
        assert code == "BadConditionBranchAlreadyConfirmed"
    event = await alarms.last(LEVEL, ConfirmedState_Id=True, AckedState_Id=True)
    assert event["ClientUserId"] == "sven"


async def test_ac_07_nothing_is_confirmed_before_it_is_acknowledged(olga, alarms, active):
    assert await refused(call(olga, LEVEL, CONFIRM, active["EventId"], said(""))) == "BadInvalidState"


async def test_ac_08_nothing_can_be_done_with_a_disabled_condition(olga, sven, eng, alarms, active):
    await call(eng, LEVEL, DISABLE)
    event = active["EventId"]
    for method in (ACKNOWLEDGE, CONFIRM, COMMENT):
        assert await refused(call(olga, LEVEL, method, event, said("x"))) == "BadConditionDisabled"
    assert await refused(call(olga, LEVEL, TIMED_SHELVE, 5000.0)) == "BadConditionDisabled"
    for method in (ONE_SHOT_SHELVE, UNSHELVE, SILENCE):
        assert await refused(call(olga, LEVEL, method)) == "BadConditionDisabled"
    for method in (SUPPRESS, UNSUPPRESS, OUT_OF_SERVICE, IN_SERVICE):
        assert await refused(call(sven, LEVEL, method)) == "BadConditionDisabled"


async def test_ac_09_wrong_arguments_are_refused_by_their_place(olga, alarms, active):
    event = active["EventId"]
    wrong = [
        ((), "BadArgumentsMissing"),
        ((event,), "BadArgumentsMissing"),
        ((event, said("x"), 1), "BadTooManyArguments"),
        (("an id", said("x")), "BadInvalidArgument"),
        ((event, "a string"), "BadInvalidArgument"),
        ((said("x"), event), "BadInvalidArgument"),
        (([event], [said("x")]), "BadInvalidArgument"),
        ((1.5, float("nan")), "BadInvalidArgument"),
    ]
    for arguments, code in wrong:
        assert await refused(call(olga, LEVEL, ACKNOWLEDGE, *arguments)) == code, arguments
    for arguments in ((5,), ("5",), (ua.Variant(5000, ua.VariantType.Float),)):
        assert await refused(call(olga, LEVEL, TIMED_SHELVE, *arguments)) == "BadInvalidArgument"
    request = ua.CallMethodRequest(condition(olga, LEVEL).nodeid, ua.NodeId(ACKNOWLEDGE),
                                   [ua.Variant(event), ua.Variant(7, ua.VariantType.Int32)])
    (result,) = await olga.uaclient.call([request])
    assert [it.name for it in result.InputArgumentResults] == ["Good", "BadTypeMismatch"]
    assert await refused(call(olga, LEVEL, 11489)) == "BadMethodInvalid", "GetMonitoredItems is none of its methods"
    assert len(alarms.of(LEVEL)) == 1


async def test_ac_09_a_remark_has_an_end(olga, alarms, active):
    code = await refused(call(olga, LEVEL, COMMENT, active["EventId"], said("x" * 5000)))
    assert code == "BadInvalidArgument"
    assert await refused(call(olga, LEVEL, COMMENT, active["EventId"], said("ä" * 2000))) == "Good"


async def test_ac_10_a_null_comment_keeps_and_an_empty_one_clears(olga, alarms, active):
    async def comment(text, locale):
        before = len(alarms.of(LEVEL))
        await call(olga, LEVEL, COMMENT, active["EventId"], ua.LocalizedText(text, locale))

        async def told():
            return len(alarms.of(LEVEL)) > before

        await eventually(told)
        return alarms.of(LEVEL)[-1]["Comment"]

    first = await comment("Pumpe läuft wieder", "de")
    assert (first.Text, first.Locale) == ("Pumpe läuft wieder", "de")
    kept = await comment(None, None)
    assert (kept.Text, kept.Locale) == ("Pumpe läuft wieder", "de"), "null says nothing"
    kept = await comment("", "")
    assert kept.Text == "Pumpe läuft wieder", "no text and no locale: the same as null"
    cleared = await comment("", "en")
    assert not cleared.Text, "an empty text with a locale takes it away"
    assert alarms.of(LEVEL)[-1]["ClientUserId"] == "olga"


async def test_ac_11_enabled_and_disabled_only_once(eng, alarms):
    assert await refused(call(eng, LEVEL, ENABLE)) == "BadConditionAlreadyEnabled"
    assert await refused(call(eng, LEVEL, DISABLE)) == "Good"
    assert await refused(call(eng, LEVEL, DISABLE)) == "BadConditionAlreadyDisabled"
    assert await condition(eng, f"{LEVEL}.EnabledState.Id").read_value() is False
    assert await refused(call(eng, LEVEL, ENABLE)) == "Good"


async def test_ac_13_methods_are_called_by_the_types_node_and_by_the_instances(olga, alarms, active):
    node = condition(olga, LEVEL)
    own = await node.get_child("0:Acknowledge")
    assert own.nodeid != ua.NodeId(ACKNOWLEDGE) and own.nodeid.NamespaceIndex == 2
    await node.call_method(own, active["EventId"], said("by the instance"))
    event = await alarms.last(LEVEL, AckedState_Id=True)
    await node.call_method(ua.NodeId(CONFIRM), event["EventId"], said("by the type"))
    await alarms.last(LEVEL, ConfirmedState_Id=True, AckedState_Id=True)
    # Shelving belongs to the state machine below it, or to the condition itself.
    shelving = await node.get_child("0:ShelvingState")
    await shelving.call_method(await shelving.get_child("0:OneShotShelve"))
    await node.call_method(ua.NodeId(UNSHELVE))
    # No condition is called by its type, or by the method of another one.
    kind = olga.get_node(ua.NodeId(2881))
    code = await refused(kind.call_method(ua.NodeId(ACKNOWLEDGE), active["EventId"], said("")))
    assert code == "BadNodeIdInvalid"
    other = condition(olga, "OffNormal.Acknowledge")
    assert await refused(node.call_method(other.nodeid, active["EventId"], said(""))) == "BadMethodInvalid"


async def test_ac_19_timed_shelving_counts_down_and_ends_by_itself(olga, alarms, active):
    await call(olga, LEVEL, TIMED_SHELVE, 4000.0)
    event = await alarms.last(LEVEL, SuppressedOrShelved=True)
    assert event["ShelvingState.CurrentState.Id"] == ua.NodeId(2932) and event["ClientUserId"] == "olga"
    assert event["Retain"] and event["ActiveState.Id"]
    left = condition(olga, f"{LEVEL}.ShelvingState.UnshelveTime")
    first = await left.read_value()
    assert 0 < first <= 4000.0

    async def less():
        return 0 < await left.read_value() < first

    await eventually(less)
    event = await alarms.last(LEVEL, **{"SuppressedOrShelved": False, "ShelvingState_CurrentState_Id": ua.NodeId(2930)},
                              Message=ua.LocalizedText("AlarmFixture: ExclusiveLevel shelved no more", "en"))
    assert event["ActiveState.Id"], "the alarm has been active all the time"
    assert await left.read_value() == 0.0


async def test_ac_19_one_shot_shelving_ends_with_the_alarm(olga, alarms, active):
    await call(olga, LEVEL, ONE_SHOT_SHELVE)
    event = await alarms.last(LEVEL, SuppressedOrShelved=True)
    assert event["ShelvingState.CurrentState.Id"] == ua.NodeId(2933)
    await write(olga, "AnalogSource", 50.0)
    event = await alarms.last(LEVEL, ActiveState_Id=False)
    assert event["ShelvingState.CurrentState.Id"] == ua.NodeId(2930) and event["SuppressedOrShelved"] is False


async def test_ac_19_shelving_goes_every_way_and_names_it(olga, alarms, active):
    machine = f"{LEVEL}.ShelvingState"
    last = condition(olga, f"{machine}.LastTransition.Id")
    for method, arguments, transition in (
        (TIMED_SHELVE, (60_000.0,), 2935), (ONE_SHOT_SHELVE, (), 2942), (TIMED_SHELVE, (60_000.0,), 2945),
        (UNSHELVE, (), 2940), (ONE_SHOT_SHELVE, (), 2936), (UNSHELVE, (), 2943),
    ):
        await call(olga, LEVEL, method, *arguments)
        assert await last.read_value() == ua.NodeId(transition)
    assert (await condition(olga, f"{machine}.CurrentState").read_value()).Text == "Unshelved"


async def test_ac_20_shelving_for_no_time_or_for_too_long_is_refused(olga, alarms, active):
    longest = await condition(olga, f"{LEVEL}.MaxTimeShelved").read_value()
    assert longest == 8 * 3600 * 1000.0
    for time in (0.0, -1.0, longest + 1.0, float("inf"), float("nan"), -float("inf")):
        assert await refused(call(olga, LEVEL, TIMED_SHELVE, time)) == "BadShelvingTimeOutOfRange", time
    assert await refused(call(olga, LEVEL, UNSHELVE)) == "BadConditionNotShelved"
    await call(olga, LEVEL, TIMED_SHELVE, longest)
    assert await refused(call(olga, LEVEL, TIMED_SHELVE, 1000.0)) == "BadConditionAlreadyShelved"
    await call(olga, LEVEL, ONE_SHOT_SHELVE)
    assert await refused(call(olga, LEVEL, ONE_SHOT_SHELVE)) == "BadConditionAlreadyShelved"
    await call(olga, LEVEL, UNSHELVE)


async def test_ac_20_what_guards_people_is_never_put_aside(olga, sven, alarms):
    await write(olga, "BooleanSource", True)
    await alarms.last("Safety", ActiveState_Id=True)
    assert await refused(call(olga, "Safety", TIMED_SHELVE, 1000.0)) == "BadMethodInvalid"
    assert await refused(call(sven, "Safety", SUPPRESS)) == "BadMethodInvalid"
    assert await refused(call(sven, "Safety", OUT_OF_SERVICE)) == "BadMethodInvalid"
    names = {(await it.read_browse_name()).Name for it in await condition(olga, "Safety").get_children()}
    assert not names & {"ShelvingState", "Suppress", "RemoveFromService"}


async def test_ac_21_suppressed_and_out_of_service(olga, sven, alarms, active):
    for put, field, back, message in (
        (SUPPRESS, "SuppressedState_Id", UNSUPPRESS, "suppressed"),
        (OUT_OF_SERVICE, "OutOfServiceState_Id", IN_SERVICE, "out of service"),
    ):
        assert await refused(call(sven, LEVEL, back)) == "BadInvalidState"
        await call(sven, LEVEL, put)
        event = await alarms.last(LEVEL, **{field: True})
        assert event["SuppressedOrShelved"] and event["ActiveState.Id"] and message in event["Message"].Text
        assert event["ClientUserId"] == "sven"
        assert await refused(call(sven, LEVEL, put)) == "BadInvalidState"
        await call(sven, LEVEL, back)

        async def over():
            return not alarms.of(LEVEL)[-1]["SuppressedOrShelved"]

        await eventually(over)


async def test_ac_21_a_group_suppresses_what_means_nothing(olga, alarms):
    await write(olga, "BooleanSource", True)
    await alarms.last("Suppressible", ActiveState_Id=True)
    await write(olga, "Suppressed", True)
    event = await alarms.last("Suppressible", SuppressedState_Id=True)
    assert event["SuppressedOrShelved"]
    await alarms.last("Suppressible", SuppressedState_Id=True, ActiveState_Id=False)
    await write(olga, "Suppressed", False)
    event = await alarms.last("Suppressible", SuppressedState_Id=False, ActiveState_Id=True)
    assert not event["SuppressedOrShelved"]


async def test_ac_21_the_horn_is_silenced_and_sounds_again_with_the_next_alarm(olga, alarms, active):
    audible = condition(olga, f"{LEVEL}.SilenceState.Id")
    assert active["SilenceState.Id"] is False
    await call(olga, LEVEL, SILENCE)
    event = await alarms.last(LEVEL, SilenceState_Id=True)
    assert not event["AckedState.Id"], "silenced is not acknowledged"
    assert await audible.read_value() is True
    assert await refused(call(olga, LEVEL, SILENCE)) == "BadInvalidState"
    await write(olga, "AnalogSource", 95.0)
    await alarms.last(LEVEL, Severity=900, SilenceState_Id=False)


async def test_ac_21_reset_only_where_something_latches(olga, alarms, active):
    assert await refused(call(olga, LEVEL, RESET)) == "BadMethodInvalid"
    await settle(olga, alarms, LEVEL)


async def test_ac_23_a_dialog_is_answered_once(olga, alarms):
    assert await refused(call(olga, "Dialog", RESPOND, int32(0))) == "BadDialogNotActive"
    await write(olga, "DialogSource", True)
    event = await alarms.last("Dialog", DialogState_Id=True)
    assert event["Prompt"].Text == "Shall it go on?" and event["Retain"]
    assert [it.Text for it in event["ResponseOptionSet"]] == ["Yes", "No", "Cancel"]
    for option in (3, -1, 2**31 - 1):
        assert await refused(call(olga, "Dialog", RESPOND, int32(option))) == "BadDialogResponseInvalid"
    assert await refused(call(olga, "Dialog", RESPOND, "Yes")) == "BadInvalidArgument"
    await call(olga, "Dialog", RESPOND, int32(1))
    event = await alarms.last("Dialog", DialogState_Id=False)
    assert event["LastResponse"] == 1 and event["ClientUserId"] == "olga" and not event["Retain"]
    assert await refused(call(olga, "Dialog", RESPOND, int32(1))) == "BadDialogNotActive"
    assert await refused(call(olga, "Dialog", ACKNOWLEDGE, event["EventId"], said(""))) == "BadMethodInvalid"


async def test_those_without_the_right_are_refused_and_nothing_changes(alarm_server, vera, olga, sven, alarms, active):
    async with Client(alarm_server.url, timeout=20) as anonymous:
        for client in (vera, anonymous):
            for method in (ACKNOWLEDGE, COMMENT):
                code = await refused(call(client, LEVEL, method, active["EventId"], said("me")))
                assert code == "BadUserAccessDenied"
            assert await refused(call(client, LEVEL, TIMED_SHELVE, 1000.0)) == "BadUserAccessDenied"
            assert await refused(call(client, LEVEL, SILENCE)) == "BadUserAccessDenied"
            own = await condition(client, LEVEL).get_child("0:Acknowledge")
            executable = await own.read_attribute(ua.AttributeIds.UserExecutable)
            assert executable.Value.Value is False
    for method in (SUPPRESS, OUT_OF_SERVICE, DISABLE):
        assert await refused(call(olga, LEVEL, method)) == "BadUserAccessDenied"
    assert await refused(call(sven, LEVEL, DISABLE)) == "BadUserAccessDenied"
    assert len(alarms.of(LEVEL)) == 1


async def test_limits_and_delays_are_an_engineers(olga, eng, alarms, active):
    limit, delay = condition(eng, f"{LEVEL}.HighLimit"), condition(eng, f"{LEVEL}.OnDelay")
    denied = condition(olga, f"{LEVEL}.HighLimit").write_value(70.0)
    assert await refused(denied) == "BadUserAccessDenied"
    assert await refused(limit.write_value(95.0)) == "BadOutOfRange", "High is below HighHigh"
    assert await refused(limit.write_value(ua.Variant(70, ua.VariantType.Int32))) == "BadTypeMismatch"
    assert await refused(delay.write_value(-1.0)) == "BadOutOfRange"
    assert await refused(condition(eng, f"{LEVEL}.Retain").write_value(False)) == "BadNotWritable"
    try:
        await limit.write_value(86.0)
        event = await alarms.last(LEVEL, ActiveState_Id=False)
        assert event["HighLimit"] == 86.0
    finally:
        await limit.write_value(80.0)
