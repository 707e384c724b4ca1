"""Discovery server, planned end: what takes a foreign discovery server, or a user with rights."""

import datetime
from pathlib import Path

import pytest
from asyncua import Client, Server, ua
from asyncua.server.user_managers import PermissiveUserManager
from asyncua.crypto.permission_rules import SimpleRoleRuleset

from certificates import make_certificate
from conftest import secure_client
from plant import Plant, eventually

STATE_CHANGE = ua.NodeId(12886)
RUNNING, SUSPENDED, SHUTDOWN = 0, 3, 4


def server_file(folder: Path, text: str) -> list[str]:
    path = folder / "server.toml"
    path.write_text(text)
    return ["--server", str(path)]


def wish(state: int, seconds: int = 0, returns: datetime.datetime | None = None, restart: bool = False) -> list:
    returns = returns or datetime.datetime(1601, 1, 1)
    return [
        ua.Variant(state, ua.VariantType.Int32),
        ua.Variant(returns, ua.VariantType.DateTime),
        ua.Variant(seconds, ua.VariantType.UInt32),
        ua.Variant(ua.LocalizedText("new anodes", "en"), ua.VariantType.LocalizedText),
        ua.Variant(restart, ua.VariantType.Boolean),
    ]


async def change(client: Client, arguments: list) -> None:
    await client.nodes.server.call_method(STATE_CHANGE, *arguments)


@pytest.fixture
def own_plant(tmp_path, certificate):
    running = Plant(tmp_path)
    for name, role in [("ada", "ConfigureAdmin"), ("olga", "Operator")]:
        running.add_user(name, role)
    running.trust(certificate[0].read_bytes(), "client")
    running.start()
    yield running
    assert running.stop() == 0


async def test_dia_05_a_state_that_a_client_cannot_order_is_refused(own_plant, certificate):
    async with await secure_client(own_plant, certificate, "ada") as admin:
        with pytest.raises(ua.uaerrors.BadInvalidState):
            await change(admin, wish(SUSPENDED))
        for wrong in [wish(42), wish(SHUTDOWN, restart=True), ["4", *wish(SHUTDOWN)[1:]]]:
            with pytest.raises(ua.uaerrors.BadInvalidArgument):
                await change(admin, wrong)
        with pytest.raises(ua.uaerrors.BadArgumentsMissing):
            await change(admin, wish(SHUTDOWN)[:4])
        with pytest.raises(ua.uaerrors.BadTooManyArguments):
            await change(admin, [*wish(SHUTDOWN), 1])
        assert (await admin.nodes.server_state.read_value()) == ua.ServerState.Running


async def test_dia_05_dia_06_dia_08_an_administrator_ends_the_server_and_everybody_sees_it_come(own_plant, certificate):
    async with await secure_client(own_plant, certificate, "olga") as operator:
        with pytest.raises(ua.uaerrors.BadUserAccessDenied):
            await change(operator, wish(SHUTDOWN))
        returns = datetime.datetime(2031, 5, 1, 12, 30)
        async with await secure_client(own_plant, certificate, "ada") as admin:
            # Announced, taken back, announced again.
            await change(admin, wish(SHUTDOWN, seconds=3600, returns=returns))
            status = await operator.get_node(ua.NodeId(2256)).read_value()
            assert status.State == ua.ServerState.Shutdown
            assert 3590 < status.SecondsTillShutdown <= 3600
            assert status.ShutdownReason.Text == "new anodes"
            back = await operator.get_node(ua.NodeId(12885)).read_value()
            assert back.replace(tzinfo=None) == returns
            await change(admin, wish(RUNNING, returns=returns))
            status = await operator.get_node(ua.NodeId(2256)).read_value()
            assert (status.State, status.SecondsTillShutdown) == (ua.ServerState.Running, 0)
            back = await operator.get_node(ua.NodeId(12885)).read_value()
            assert back is None or back.replace(tzinfo=None) == datetime.datetime(1601, 1, 1)

            seen = []

            class Handler:
                def datachange_notification(self, node, value, data):
                    seen.append(value)

            subscription = await operator.create_subscription(100, Handler())
            await subscription.subscribe_data_change(operator.get_node(ua.NodeId(2259)))
            await change(admin, wish(SHUTDOWN, seconds=4))

            async def announced():
                return ua.ServerState.Shutdown in seen

            await eventually(announced)

            async def ended():
                return own_plant.process.poll() is not None

            await eventually(ended)
            assert own_plant.process.returncode == 0
            # The clients' own goodbye finds nobody; that is not under test.
            for client in (operator, admin):
                client.uaclient.protocol.transport.close()


async def lds(folder: Path, port: int = 0) -> Server:
    """asyncua's server as discovery server, over one secured endpoint."""
    certificate, key = make_certificate(folder, "urn:test:lds")
    server = Server()
    await server.init()
    await server.set_application_uri("urn:test:lds")
    server.set_endpoint(f"opc.tcp://127.0.0.1:{port}")
    server.set_security_policy(
        [ua.SecurityPolicyType.NoSecurity, ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt]
    )
    await server.load_certificate(str(certificate))
    await server.load_private_key(str(key))
    return server
