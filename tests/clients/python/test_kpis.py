"""Key figures as a report asks for them: outputs by their names, over a period of its own."""

import math
from datetime import timedelta

from asyncua import ua

from plant import eventually


async def calculate(client, device: str, start, end) -> dict[str, float]:
    """Figures by name."""
    method = client.get_node(f"ns=2;s={device}.CalculateKpis")
    declared = await (await method.get_child("0:OutputArguments")).read_value()
    values = await client.get_node(f"ns=2;s={device}").call_method(
        method, ua.Variant(start, ua.VariantType.DateTime), ua.Variant(end, ua.VariantType.DateTime))
    return {argument.Name: value for argument, value in zip(declared, values, strict=True)}


async def test_key_figures_of_the_last_minutes(anonymous):
    clock = anonymous.get_node("ns=2;s=Line1.EL101.Bath.Temperature")
    figures = {}

    async def is_recorded():
        now = (await clock.read_data_value()).SourceTimestamp
        try:
            figures.update(await calculate(anonymous, "Line1.EL101", now - timedelta(minutes=10), now))
        except ua.UaStatusCodeError as refused:
            assert refused.code == ua.StatusCodes.BadNoData
            return False
        return figures["Coverage"] > 0

    # The counters are kept once a minute.
    await eventually(is_recorded, 200)
    assert figures["Availability"] == 100.0
    # Nobody has tapped in these minutes.
    assert figures["MetalTapped"] == 0.0 and math.isnan(figures["CurrentEfficiency"])


async def test_an_end_before_the_start_is_refused_by_its_argument(anonymous):
    clock = anonymous.get_node("ns=2;s=Line1.EL101.Bath.Temperature")
    now = (await clock.read_data_value()).SourceTimestamp
    try:
        await calculate(anonymous, "Plant", now, now - timedelta(minutes=10))
    except ua.UaStatusCodeError as refused:
        assert refused.code == ua.StatusCodes.BadInvalidArgument
    else:
        raise AssertionError("accepted")
