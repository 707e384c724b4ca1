"""Setpoints with python asyncua: the right write is followed by the plant, each wrong one has its own code."""

import pytest
from asyncua import ua

from conftest import secure_client
from plant import eventually

CURRENT = "ns=2;s=Line1.EL101.Control.CurrentSetpoint"
FEED_MODE = "ns=2;s=Line1.EL102.Control.FeedControlMode"
TARGET = "ns=2;s=Line1.EL102.Feeder.TargetFlowRate"
FLOW = "ns=2;s=Line1.EL102.Feeder.FlowRate"


def double(value):
    return ua.DataValue(ua.Variant(value, ua.VariantType.Double))


async def refusal(node, value) -> str:
    try:
        await node.write_value(value)
    except ua.UaStatusCodeError as error:
        return type(error).__name__
    return "Good"


async def test_wr_02_wrong_type_is_bad_type_mismatch(operator):
    node = operator.get_node(CURRENT)
    before = await node.read_value()
    assert await refusal(node, ua.DataValue(ua.Variant(5, ua.VariantType.Int32))) == "BadTypeMismatch"
    assert await node.read_value() == before


async def test_wr_13_out_of_range_is_bad_out_of_range_and_changes_nothing(operator):
    node = operator.get_node(CURRENT)
    before = await node.read_value()
    assert await refusal(node, double(99.0)) == "BadOutOfRange"
    assert await refusal(node, double(float("nan"))) == "BadOutOfRange"
    assert await node.read_value() == before


async def test_wr_06_without_right_is_bad_user_access_denied(anonymous):
    node = anonymous.get_node(CURRENT)
    before = await node.read_value()
    assert await refusal(node, double(before)) == "BadUserAccessDenied"


async def test_wr_06_a_measurement_is_not_writable(operator):
    node = operator.get_node("ns=2;s=Line1.EL101.Bath.Temperature")
    assert await refusal(node, double(1000.0)) == "BadNotWritable"


async def test_wr_07_status_and_timestamp_cannot_be_written(operator):
    node = operator.get_node(CURRENT)
    value = ua.DataValue(ua.Variant(10.0, ua.VariantType.Double), ua.StatusCode(ua.StatusCodes.Uncertain))
    assert await refusal(node, value) == "BadWriteNotSupported"


async def test_a_setpoint_is_read_back_at_once(operator):
    node = operator.get_node(CURRENT)
    before = await node.read_value()
    await node.write_value(double(round(before * 0.99, 3)))
    assert await node.read_value() == round(before * 0.99, 3)
    await node.write_value(double(before))


async def test_a_written_feed_rate_is_followed_by_the_measured_feed_rate(operator):
    manual = ua.DataValue(ua.Variant(1, ua.VariantType.UInt32))
    await operator.get_node(FEED_MODE).write_value(manual)
    target = operator.get_node(TARGET)
    wanted = round(await target.read_value() * 1.2, 1)
    await target.write_value(double(wanted))
    assert await target.read_value() == wanted

    async def follows():
        return abs(await operator.get_node(FLOW).read_value() - wanted) < 0.08 * wanted

    await eventually(follows, timeout_s=90, every_s=1)
    await operator.get_node(FEED_MODE).write_value(ua.DataValue(ua.Variant(3, ua.VariantType.UInt32)))


async def test_wr_14_a_mode_that_forbids_the_write_is_bad_invalid_state(operator):
    node = operator.get_node("ns=2;s=Line1.EL103.Feeder.TargetFlowRate")
    assert await refusal(node, double(200.0)) == "BadInvalidState"


async def test_mth_02_missing_argument(operator):
    device = operator.get_node("ns=2;s=Line1.EL101")
    with pytest.raises(ua.UaStatusCodeError) as error:
        await device.call_method(operator.get_node("ns=2;s=Line1.EL101.Hold").nodeid)
    assert "ArgumentsMissing" in type(error.value).__name__


async def test_mth_12_resume_while_running_is_bad_invalid_state(operator):
    device = operator.get_node("ns=2;s=Line1.EL101")
    with pytest.raises(ua.UaStatusCodeError) as error:
        await device.call_method(operator.get_node("ns=2;s=Line1.EL101.Resume").nodeid)
    assert type(error.value).__name__ == "BadInvalidState"


async def test_mth_07_a_method_without_the_right_is_denied(anonymous):
    device = anonymous.get_node("ns=2;s=Line1.EL101")
    with pytest.raises(ua.UaStatusCodeError) as error:
        await device.call_method(anonymous.get_node("ns=2;s=Line1.EL101.Resume").nodeid)
    assert type(error.value).__name__ == "BadUserAccessDenied"


async def test_usr_05_wrong_password_and_unknown_user_look_the_same(plant, certificate):
    codes = []
    for user, password in [("vera", "wrong"), ("nobody-of-this-name", "wrong")]:
        client = await secure_client(plant, certificate, user, password=password)
        try:
            async with client:
                codes.append("Good")
        except ua.UaStatusCodeError as error:
            codes.append(type(error).__name__)
    assert codes == ["BadUserAccessDenied", "BadUserAccessDenied"]
