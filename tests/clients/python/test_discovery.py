"""Discovery server, planned end: what takes a foreign discovery server, or a user with rights."""

import asyncio
import datetime
import socket
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from asyncua import Client, Server, ua

from certificates import make_certificate
from conftest import secure_client
from plant import Plant, eventually

LDS_URI = "urn:test:lds"
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


@asynccontextmanager
async def discovery_server(folder: Path):
    """asyncua's server, which takes registrations; it offers one secured endpoint beside the open one. Its URL."""
    folder.mkdir()
    certificate, key = make_certificate(folder, LDS_URI)
    server = Server()
    await server.init()
    await server.set_application_uri(LDS_URI)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"opc.tcp://127.0.0.1:{port}"
    server.set_endpoint(url)
    server.set_security_policy(
        [ua.SecurityPolicyType.NoSecurity, ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt]
    )
    await server.load_certificate(str(certificate))
    await server.load_private_key(str(key))
    registrations = []
    take = server.iserver.register_server
    # asyncua keeps those that have gone as well: what it is told is written down here.

    def note(entry, configuration=None):
        registrations.append((entry, configuration))
        take(entry, configuration)

    server.iserver.register_server = note
    async with server:
        yield url, certificate, registrations


async def test_dis_10_a_foreign_discovery_server_takes_our_registration(tmp_path):
    async with discovery_server(tmp_path / "lds") as (url, certificate, registrations):
        config = server_file(tmp_path, f'[discovery]\nregister = "{url}"\nregister_every_s = 1\n')
        plant = Plant(tmp_path, extra=config)
        plant.trust(certificate.read_bytes(), "lds")
        await asyncio.to_thread(plant.start)
        try:

            async def found():
                for server in await Client(url).connect_and_find_servers():
                    if server.ApplicationUri.endswith(":cellhouse"):
                        return server

            server = await eventually(found)
            assert plant.url in server.DiscoveryUrls
            assert server.ApplicationName.Text == "Cellhouse"
            entry, configuration = registrations[0]
            assert entry.IsOnline
            assert configuration[0].ServerCapabilities == ["DA"]
        finally:
            assert await asyncio.to_thread(plant.stop) == 0
        assert not registrations[-1][0].IsOnline
        assert sum("registered with the discovery server" in line for line in plant.log) == 1


async def test_dis_11_a_discovery_server_that_is_not_trusted_is_told_nothing(tmp_path):
    async with discovery_server(tmp_path / "lds") as (url, _, registrations):
        plant = Plant(tmp_path, extra=server_file(tmp_path, f'[discovery]\nregister = "{url}"\n'))
        await asyncio.to_thread(plant.start)
        try:

            async def refused():
                return any("is not trusted" in line for line in plant.log)

            await eventually(refused)
            assert registrations == []
        finally:
            assert await asyncio.to_thread(plant.stop) == 0
