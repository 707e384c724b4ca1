"""Roles, permissions and users as operators, engineers and security administrators meet them (Part 18)."""

import contextlib

import pytest
import pytest_asyncio
from asyncua import Client, ua

from conftest import secure_client
from plant import PASSWORD, Plant

ROLE_SET, OPERATOR, SECURITY_ADMIN, USERS = 15606, 15680, 15704, 24290
ADD_ROLE, REMOVE_ROLE = 16301, 16304
ADD_USER, MODIFY_USER, REMOVE_USER, CHANGE_PASSWORD = 24304, 24306, 24308, 24310
IDENTITIES = {OPERATOR: 16225, SECURITY_ADMIN: 16258}
ADD_IDENTITY = {OPERATOR: 15684, SECURITY_ADMIN: 15708}
REMOVE_IDENTITY = {OPERATOR: 15686, SECURITY_ADMIN: 15710}
CURRENT = "ns=2;s=Line1.EL101.Control.CurrentSetpoint"
TEMPERATURE = "ns=2;s=Line1.EL101.Bath.Temperature"
BROWSE, READ, WRITE = 1, 32, 64
FIRST, SECOND = "a first long way to the anode", "another long way to the anode"


@pytest.fixture(scope="module")
def works(tmp_path_factory, certificate) -> Plant:
    """A server of this file's own: its roles and users change."""
    running = Plant(tmp_path_factory.mktemp("roles"))
    for name, role in [("olga", "Operator"), ("vera", "Observer"), ("eng", "Engineer"), ("adam", "SecurityAdmin")]:
        running.add_user(name, role)
    running.trust(certificate[0].read_bytes(), "client")
    running.start()
    yield running
    assert running.stop() == 0


@pytest_asyncio.fixture
async def adam(works, certificate):
    async with await secure_client(works, certificate, "adam") as client:
        yield client


def node(client: Client, number: int):
    return client.get_node(ua.NodeId(number, 0))


async def call(client: Client, of: int, method: int, *arguments) -> str:
    """The code that a call is answered with."""
    try:
        await node(client, of).call_method(ua.NodeId(method, 0), *arguments)
    except ua.UaStatusCodeError as error:
        return type(error).__name__
    return "Good"


async def write(client: Client) -> str:
    """Writes the current's setpoint, as it is."""
    setpoint = client.get_node(CURRENT)
    try:
        value = await setpoint.read_value()
        await setpoint.write_value(ua.DataValue(ua.Variant(value, ua.VariantType.Double)))
    except ua.UaStatusCodeError as error:
        return type(error).__name__
    return "Good"


def rule(text: str, kind=ua.IdentityCriteriaType.UserName):
    return ua.IdentityMappingRuleType(CriteriaType=kind, Criteria=text)


def options(bits: int):
    return ua.Variant(bits, ua.VariantType.UInt32)


async def permissions(client: Client, path: str, attribute=ua.AttributeIds.UserRolePermissions) -> dict[int, int]:
    shown = await client.get_node(path).read_attribute(attribute)
    return {it.RoleId.Identifier: int(it.Permissions) for it in shown.Value.Value}


async def test_rol_02_an_observer_becomes_operator_in_an_open_session_and_stops_being_one(works, certificate, adam):
    async with await secure_client(works, certificate, "vera") as vera:
        assert await write(vera) == "BadUserAccessDenied"
        assert await call(adam, OPERATOR, ADD_IDENTITY[OPERATOR], rule("vera")) == "Good"
        assert await write(vera) == "Good"
        assert await call(adam, OPERATOR, ADD_IDENTITY[OPERATOR], rule("vera")) == "BadAlreadyExists"
        shown = await node(adam, IDENTITIES[OPERATOR]).read_value()
        assert {it.Criteria for it in shown} == {"olga", "vera"}
        assert await call(adam, OPERATOR, REMOVE_IDENTITY[OPERATOR], rule("vera")) == "Good"
        assert await write(vera) == "BadUserAccessDenied"


async def test_rol_03_roles_are_for_the_security_administrator_on_an_encrypted_channel(works, certificate):
    for name, mode, expected in [
        ("olga", ua.MessageSecurityMode.SignAndEncrypt, "BadUserAccessDenied"),
        ("eng", ua.MessageSecurityMode.SignAndEncrypt, "BadUserAccessDenied"),
        ("adam", ua.MessageSecurityMode.Sign, "BadSecurityModeInsufficient"),
    ]:
        async with await secure_client(works, certificate, name, mode=mode) as client:
            assert await call(client, OPERATOR, ADD_IDENTITY[OPERATOR], rule("eng")) == expected
            assert await call(client, ROLE_SET, ADD_ROLE, "Melter", "") == expected
            assert await call(client, USERS, REMOVE_USER, "vera") == expected
            with pytest.raises(getattr(ua.uaerrors, expected)):
                await node(client, IDENTITIES[OPERATOR]).read_value()


async def test_rol_05_the_last_administrator_can_neither_be_removed_nor_shut_out(adam):
    assert await call(adam, SECURITY_ADMIN, REMOVE_IDENTITY[SECURITY_ADMIN], rule("adam")) == "BadRequestNotAllowed"
    assert await call(adam, USERS, REMOVE_USER, "adam") == "BadInvalidSelfReference"
    # ApplicationsExclude of SecurityAdmin: without it, and without a list, nobody would be left.
    exclude = node(adam, 15430)
    with pytest.raises(ua.uaerrors.BadRequestNotAllowed):
        await exclude.write_value(ua.DataValue(ua.Variant(False, ua.VariantType.Boolean)))
    assert await exclude.read_value() is True


async def test_rol_06_a_role_that_is_added_is_a_node_with_rules_of_its_own(adam):
    role = (await node(adam, ROLE_SET).call_method(ua.NodeId(ADD_ROLE, 0), "Melter", ""))
    melter = adam.get_node(role)
    assert (await melter.read_browse_name()).Name == "Melter"
    assert role in [it.nodeid for it in await node(adam, ROLE_SET).get_children()]
    identities = await melter.get_child("0:Identities")
    assert await identities.read_value() == []
    await melter.call_method("0:AddIdentity", rule("olga"))
    assert [it.Criteria for it in await identities.read_value()] == ["olga"]
    assert await call(adam, ROLE_SET, ADD_ROLE, "Melter", "") == "BadAlreadyExists"
    assert await call(adam, ROLE_SET, REMOVE_ROLE, ua.NodeId(OPERATOR, 0)) == "BadRequestNotAllowed"
    assert await call(adam, ROLE_SET, REMOVE_ROLE, role) == "Good"
    assert role not in [it.nodeid for it in await node(adam, ROLE_SET).get_children()]


async def test_a_role_is_had_from_the_listed_applications_only(works, certificate, adam):
    # ApplicationsExclude of Operator, AddApplication and RemoveApplication.
    exclude, add, remove = node(adam, 15418), 16228, 16230
    async with await secure_client(works, certificate, "olga") as olga:
        assert await write(olga) == "Good"
        await exclude.write_value(ua.DataValue(ua.Variant(False, ua.VariantType.Boolean)))
        assert await write(olga) == "BadUserAccessDenied"
        assert await call(adam, OPERATOR, add, olga.application_uri) == "Good"
        assert await write(olga) == "Good"
        assert await call(adam, OPERATOR, remove, olga.application_uri) == "Good"
        await exclude.write_value(ua.DataValue(ua.Variant(True, ua.VariantType.Boolean)))
        assert await write(olga) == "Good"


async def test_rol_09_everybody_sees_what_he_may_do_and_administrators_what_all_may(works, certificate, adam):
    async with await secure_client(works, certificate, "olga") as olga:
        own = await permissions(olga, CURRENT)
        # AuthenticatedUser and TrustedApplication, which everybody with a user and a trusted certificate is.
        assert own.keys() == {15656, 18625, OPERATOR}
        assert own[OPERATOR] & (BROWSE | READ | WRITE) == BROWSE | READ | WRITE
        assert (await permissions(olga, TEMPERATURE))[OPERATOR] & WRITE == 0
        with pytest.raises(ua.uaerrors.BadUserAccessDenied):
            await permissions(olga, CURRENT, ua.AttributeIds.RolePermissions)
    all_of_them = await permissions(adam, CURRENT, ua.AttributeIds.RolePermissions)
    assert all_of_them[15668] & (READ | WRITE) == READ
    assert all_of_them[16036] & WRITE
    restrictions = await node(adam, ADD_IDENTITY[OPERATOR]).read_attribute(ua.AttributeIds.AccessRestrictions)
    assert restrictions.Value.Value & 3 == 3


async def test_rol_07_each_namespace_says_what_its_nodes_have_unless_they_say_otherwise(adam):
    seen = {}
    for metadata in await node(adam, 11715).get_children():
        uri = await (await metadata.get_child("0:NamespaceUri")).read_value()
        shown = await (await metadata.get_child("0:DefaultRolePermissions")).read_value()
        seen[uri] = {it.RoleId.Identifier: int(it.Permissions) for it in shown}
    assert seen.keys() == set(await adam.get_namespace_array())
    assert seen["urn:cellhouse:plant"][15644] == BROWSE
    assert seen["http://opcfoundation.org/UA/"][15644] & READ
    assert seen["urn:cellhouse:plant"] == await permissions(adam, TEMPERATURE, ua.AttributeIds.RolePermissions)


async def test_rol_12_a_new_user_changes_the_first_password_and_then_works(works, certificate, adam):
    assert await call(adam, USERS, ADD_USER, "nina", "short", options(8), "") == "BadOutOfRange"
    assert await call(adam, USERS, ADD_USER, "nina", "nina is a long password", options(8), "") == "BadOutOfRange"
    assert await call(adam, USERS, ADD_USER, "nina", FIRST, options(4 | 8), "") == "BadConfigurationError"
    assert await call(adam, USERS, ADD_USER, "nina", FIRST, options(8), "night shift") == "Good"
    assert await call(adam, OPERATOR, ADD_IDENTITY[OPERATOR], rule("nina")) == "Good"
    nina = await secure_client(works, certificate, "nina", password=FIRST)
    await nina.connect()
    try:
        with pytest.raises(ua.uaerrors.BadUserAccessDenied):
            await nina.get_node(TEMPERATURE).read_value()
        assert await call(nina, USERS, CHANGE_PASSWORD, FIRST, "short") == "BadOutOfRange"
        assert await call(nina, USERS, CHANGE_PASSWORD, PASSWORD, SECOND) == "BadIdentityTokenInvalid"
        assert await call(nina, USERS, CHANGE_PASSWORD, FIRST, SECOND) == "Good"
        assert await write(nina) == "Good"
        users = {it.UserName: (it.UserConfiguration, it.Description) for it in await node(adam, 24301).read_value()}
        assert (int(users["nina"][0]), users["nina"][1]) == (0, "night shift")
        # Disabled: the open session ends, a new one does not begin.
        change = ["nina", False, "", True, options(2), False, ""]
        assert await call(adam, USERS, MODIFY_USER, *change) == "Good"
        with pytest.raises((ua.UaError, ConnectionError)):
            await nina.get_node(CURRENT).read_value()
    finally:
        # Its session has ended: there is nothing to be closed but the connection.
        with contextlib.suppress(ua.UaError, ConnectionError, TimeoutError):
            await nina.disconnect()
    with pytest.raises(ua.uaerrors.BadUserAccessDenied):
        await (await secure_client(works, certificate, "nina", password=SECOND)).connect()
    assert await call(adam, USERS, REMOVE_USER, "nina") == "Good"
    assert await call(adam, USERS, REMOVE_USER, "nina") == "BadNotFound"
    assert [it.Criteria for it in await node(adam, IDENTITIES[OPERATOR]).read_value()] == ["olga"]
    assert works.data.joinpath("users.toml").read_text().count("[[user]]") == 4
    assert not any(secret in line for line in works.log for secret in (FIRST, SECOND))


async def test_rules_of_roles_are_there_after_a_restart(tmp_path, certificate):
    running = Plant(tmp_path)
    running.add_user("adam", "SecurityAdmin")
    running.add_user("vera", "Observer")
    running.trust(certificate[0].read_bytes(), "client")
    running.start()
    try:
        async with await secure_client(running, certificate, "adam") as adam:
            assert await call(adam, OPERATOR, ADD_IDENTITY[OPERATOR], rule("vera")) == "Good"
            role = await node(adam, ROLE_SET).call_method(ua.NodeId(ADD_ROLE, 0), "Melter", "")
        running.stop()
        running.start()
        async with await secure_client(running, certificate, "vera") as vera:
            assert await write(vera) == "Good"
            assert (await vera.get_node(role).read_browse_name()).Name == "Melter"
    finally:
        assert running.stop() == 0
