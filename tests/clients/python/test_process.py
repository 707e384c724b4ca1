"""What an operator does and sees: a setpoint, the process that follows, a sensor that fails."""

import asyncio
import statistics

from asyncua import Client, ua

from conftest import secure_client
from plant import Plant, eventually
from test_subscription import Recorder

CELL = "ns=2;s=Line1.EL101"


async def test_mon_a_change_03_s_after_another_arrives(operator):
    """Sampling 1000 ms: the second value is not lost though the first has just been reported."""
    setpoint = operator.get_node("ns=2;s=Line1.EL131.Control.TemperatureSetpoint")
    recorder = Recorder()
    subscription = await operator.create_subscription(100, recorder)
    await subscription.subscribe_data_change(setpoint, sampling_interval=1000)
    await asyncio.sleep(0.5)
    await setpoint.write_value(1051.0)
    await asyncio.sleep(0.3)
    await setpoint.write_value(1052.0)

    async def arrived():
        return recorder.values[setpoint.nodeid][-1][1] == 1052.0

    await eventually(arrived, 3)
    await setpoint.write_value(1050.0)
    await subscription.delete()
    assert {1051.0, 1052.0} <= {it[1] for it in recorder.values[setpoint.nodeid]}


async def test_mon_13_good_bad_good_is_reported_each_time(engineer):
    temperature = engineer.get_node("ns=2;s=Line1.EL132.Bath.Temperature")
    recorder = Recorder()
    subscription = await engineer.create_subscription(500, recorder)
    await subscription.subscribe_data_change(temperature)
    plant = engineer.get_node("ns=2;s=Plant")
    await asyncio.sleep(1.5)
    await plant.call_method(
        engineer.get_node("ns=2;s=Plant.InjectFault").nodeid, "ThermocoupleFailed", "Line1.EL132", 3.0)

    async def healed():
        codes = [it[2] for it in recorder.values[temperature.nodeid]]
        return "BadSensorFailure" in codes and codes[-1] == "Good"

    await eventually(healed, 10)
    await subscription.delete()
    series = recorder.values[temperature.nodeid]
    codes = [it[2] for it in series]
    first_bad = codes.index("BadSensorFailure")
    assert set(codes[:first_bad]) == {"Good"} and set(codes) == {"Good", "BadSensorFailure"}
    # The number stays when the sensor fails: only the status tells.
    assert series[first_bad][1] == series[first_bad - 1][1]


async def mean(node, count=12, every_s=0.05):
    values = []
    for _ in range(count):
        values.append(await node.read_value())
        await asyncio.sleep(every_s)
    return statistics.fmean(values)


async def test_a_feed_setpoint_is_followed_by_flow_oxide_temperature_and_voltage(tmp_path, certificate):
    """At 300 times real time: less feed, then none, until the anode effect comes and is quenched."""
    running = Plant(tmp_path, extra=["--speed", "300", "--seed", "7"])
    running.add_user("olga", "Operator")
    running.trust(certificate[0].read_bytes(), "client")
    running.start()
    try:
        async with await secure_client(running, certificate, "olga") as client:
            node = lambda path: client.get_node(f"{CELL}.{path}")  # noqa: E731
            flow, oxide = node("Feeder.FlowRate"), node("Bath.OxideConcentrationProbe")
            voltage, temperature = node("Electrical.CellVoltage"), node("Bath.Temperature")
            await node("Control.FeedControlMode").write_value(1, ua.VariantType.UInt32)
            await node("Feeder.TargetFlowRate").write_value(200.0)

            async def follows():
                return abs(await flow.read_value() - 200.0) < 8.0

            await eventually(follows, 10)
            before = {it: await mean(it) for it in (oxide, voltage, temperature)}
            await node("Feeder.TargetFlowRate").write_value(0.0)

            async def hungry():
                return await node("AnodeEffect.Risk").read_value() > 0.9

            await eventually(hungry, 30)
            assert await mean(oxide) < before[oxide] - 0.4, "oxide runs out"
            assert await mean(temperature, 6) > before[temperature] - 1.0, "less cold feed, no colder bath"

            async def burns():
                return await node("AnodeEffect.Active").read_value()

            await eventually(burns, 30, 0.02)

            async def jumps():
                return await voltage.read_value() > before[voltage] + 3.0

            # The handler is quick: the count tells it also when the voltage is down again.
            count = await node("AnodeEffect.Count").read_value()
            assert await jumps() or count >= 1

            async def quenched():
                return not await node("AnodeEffect.Active").read_value()

            await eventually(quenched, 30)
    finally:
        assert running.stop() == 0


async def test_two_clients_and_a_lost_one_do_not_disturb_each_other(plant):
    lost = Client(plant.url)
    await lost.connect()
    lost.uaclient.protocol.transport.abort()
    async with Client(plant.url) as client:
        assert await client.get_node(f"{CELL}.Bath.Temperature").read_value() > 900
