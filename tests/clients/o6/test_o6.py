"""A third, independent stack: what open62541's client sees of the plant."""

import time

import numpy
import pytest
from o6 import Boolean, Double, Int32

CURRENT = "ns=2;s=Line1.EL101.Control.CurrentSetpoint"
TEMPERATURE = "ns=2;s=Line1.EL101.Bath.Temperature"
VARIABLE = 2


def walk(client, start: str) -> dict:
    """Every node below `start`, level by level."""
    seen, level = {}, [start]
    while level:
        below = []
        for node in level:
            for found in client.browse(node, resultMask=63):
                key = str(found.nodeId)
                if key not in seen:
                    seen[key] = found
                    below.append(key)
        level = below
    return seen


def eventually(check, timeout_s: float = 10.0):
    """Waits until `check()` is true."""
    end = time.monotonic() + timeout_s
    while not check():
        assert time.monotonic() < end, f"not within {timeout_s} s"
        time.sleep(0.05)


def test_viw_27_one_line_is_walked_and_every_value_is_read(anonymous):
    seen = walk(anonymous, "ns=2;s=Line1")
    variables = [key for key, it in seen.items() if int(it.nodeClass) == VARIABLE]
    assert len(variables) > 5_000
    # Key figures wait for a tap, and this client gives up at the first value that is bad.
    variables = [it for it in variables if ".Kpi." not in str(it)]
    for start in range(0, len(variables), 1000):
        part = variables[start:start + 1000]
        values = anonymous.read(part)
        assert len(values) == len(part)
        # Quality of a condition is a StatusCode itself.
        failed = [key for key, it in zip(part, values) if type(it).__name__ == "StatusCode"]
        assert all(str(key).endswith(".Quality") for key in failed), failed


def test_rd_04_a_thousand_reads_in_one_request_keep_their_order(anonymous):
    wanted = [TEMPERATURE, "i=2259"] * 500
    values = anonymous.read(wanted)
    assert len(values) == 1000
    assert all(900.0 < it < 1150.0 for it in values[::2])
    assert all(int(it) == 0 for it in values[1::2])


@pytest.mark.parametrize("policy", ["Basic256Sha256", "Aes128_Sha256_RsaOaep", "Aes256_Sha256_RsaPss"])
@pytest.mark.parametrize("mode", [2, 3], ids=["Sign", "SignAndEncrypt"])
def test_sc_01_each_policy_and_mode_opens_a_channel_and_reads(secured, policy, mode):
    with secured(policy, mode) as client:
        assert 900.0 < client.read(TEMPERATURE) < 1150.0


def test_wr_01_a_setpoint_is_written_and_read_back(operator):
    before = operator.read(CURRENT)
    wanted = round(float(before) * 0.99, 3)
    assert operator.write(CURRENT, Double(wanted)).name == "GOOD"
    assert operator.read(CURRENT) == wanted
    assert operator.write(CURRENT, Double(before)).name == "GOOD"


@pytest.mark.parametrize(
    ("value", "code"),
    [(Int32(5), "BAD_TYPE_MISMATCH"), (Boolean(True), "BAD_TYPE_MISMATCH"), (Double(99.0), "BAD_OUT_OF_RANGE"),
     (Double(numpy.nan), "BAD_OUT_OF_RANGE")],
)
def test_wr_02_each_wrong_write_has_its_own_code_and_changes_nothing(operator, value, code):
    before = operator.read(CURRENT)
    assert code in str(operator.write(CURRENT, value))
    assert operator.read(CURRENT) == before


def test_wr_06_without_the_right_a_write_is_denied(anonymous):
    assert "BAD_USER_ACCESS_DENIED" in str(anonymous.write(CURRENT, Double(10.0)))


def test_mth_12_resume_while_running_is_bad_invalid_state(operator):
    status, *outputs = operator.call("ns=2;s=Line1.EL101", "ns=2;s=Line1.EL101.Resume")
    assert "BAD_INVALID_STATE" in str(status)
    assert outputs == []


def test_mon_01_values_arrive_once_a_second_in_order(anonymous):
    seen = []
    anonymous.monitor(TEMPERATURE, seen.append, samplingInterval=1000.0, valueOnly=False, queueSize=10)
    eventually(lambda: len(seen) >= 4)
    times = [str(it.sourceTimestamp) for it in seen]
    assert times == sorted(times)
    assert len(set(times)) == len(times)


def test_sub_09_a_deleted_subscription_says_no_more(anonymous):
    subscription = anonymous.createSubscription()
    seen = []
    item = anonymous.monitor(TEMPERATURE, seen.append, subscription=subscription)
    eventually(lambda: seen)
    item.delete()
    subscription.delete()
    count = len(seen)
    anonymous.read(TEMPERATURE)
    assert not subscription
    assert len(seen) == count
