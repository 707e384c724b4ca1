"""Our structures by their DataTypeDefinition: read, written back, refused (CT-01, CT-02, WR-16)."""

import pytest
import pytest_asyncio
from asyncua import ua

from plant import eventually

CELL = "Line1.EL102"


@pytest_asyncio.fixture(scope="session")
async def structures(engineer):
    """The client knows our DataTypes from their definitions alone."""
    await engineer.load_data_type_definitions()
    return engineer


def structure(client, path: str):
    return client.get_node(f"ns=2;s={CELL}.{path}")


async def refused(action, code) -> None:
    with pytest.raises(ua.UaStatusCodeError) as error:
        await action
    assert error.value.code == code


async def test_ct_01_every_structure_has_its_definition_and_encoding(structures):
    for number, fields in ((9001, 8), (9003, 7), (9005, 4)):
        definition = await structures.get_node(f"ns=3;i={number}").read_data_type_definition()
        assert len(definition.Fields) == fields
        assert definition.DefaultEncodingId == ua.NodeId(number + 1, 3)
        assert definition.BaseDataType == ua.NodeId(ua.ObjectIds.Structure)


async def test_ct_02_fields_are_the_signals_of_the_device(structures):
    recipe = await structure(structures, "Control.FeedRecipe").read_value()
    assert type(recipe).__name__ == "FeedRecipeDataType"
    for name in ("BaseFeedRate", "UnderfeedFactor", "OverfeedFactor", "OverfeedDuration", "SlopeWindow"):
        signal = await structure(structures, f"Control.{name}").read_value()
        assert getattr(recipe, name) == signal, name
    tap = await structure(structures, "Production.LastTap").read_value()
    assert tap.ProductCode == await structure(structures, "Production.ProductCode").read_value()


async def test_ct_02_a_recipe_is_changed_and_written_back(structures):
    node = structure(structures, "Control.FeedRecipe")
    before = await node.read_value()
    recipe = await node.read_value()
    recipe.OverfeedFactor, recipe.SlopeWindow = 1.35, 601.0
    await node.write_value(recipe)

    async def arrived():
        return await structure(structures, "Control.OverfeedFactor").read_value() == 1.35

    await eventually(arrived)
    assert await structure(structures, "Control.SlopeWindow").read_value() == 601.0
    await node.write_value(before)


async def test_wr_16_all_fields_or_none(structures):
    node = structure(structures, "Control.AlarmSettings")
    before = await node.read_value()
    settings = await node.read_value()
    settings.AnodeEffectVoltageThreshold, settings.AnodeEffectCurrentReduction = 3.25, 500.0
    await refused(node.write_value(settings), ua.StatusCodes.BadOutOfRange)
    assert await structure(structures, "Control.AnodeEffectVoltageThreshold").read_value() == (
        before.AnodeEffectVoltageThreshold
    )
    recipe = await structure(structures, "Control.FeedRecipe").read_value()
    await refused(node.write_value(recipe), ua.StatusCodes.BadTypeMismatch)
    await refused(node.write_value(ua.Range(Low=1.0, High=2.0)), ua.StatusCodes.BadTypeMismatch)


async def test_wr_06_a_record_is_read_only_and_an_operator_writes_no_recipe(structures, operator):
    tap = structure(structures, "Production.LastTap")
    await refused(tap.write_value(await tap.read_value()), ua.StatusCodes.BadNotWritable)
    recipe = await structure(structures, "Control.FeedRecipe").read_value()
    await refused(
        structure(operator, "Control.FeedRecipe").write_value(recipe), ua.StatusCodes.BadUserAccessDenied
    )


async def test_ct_02_a_structure_reports_when_one_of_its_signals_changes(structures):
    seen = []

    class Handler:
        def datachange_notification(self, node, value, data):
            seen.append(value)

    subscription = await structures.create_subscription(200, Handler())
    try:
        await subscription.subscribe_data_change(structure(structures, "Control.FeedRecipe"))
        factor = structure(structures, "Control.UnderfeedFactor")
        before = await factor.read_value()
        await factor.write_value(0.55)

        async def told():
            return any(it.UnderfeedFactor == 0.55 for it in seen)

        await eventually(told)
        await factor.write_value(before)
    finally:
        await subscription.delete()
