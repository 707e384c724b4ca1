"""One server for the session, and clients on it."""

from pathlib import Path

import pytest
import pytest_asyncio
from asyncua import Client, ua
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256

from alarms import Alarms, clean
from certificates import CLIENT_URI, make_certificate
from plant import PASSWORD, Plant


@pytest.fixture(scope="session")
def certificate(tmp_path_factory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("client"))


@pytest.fixture(scope="session")
def plant(tmp_path_factory, certificate) -> Plant:
    running = Plant(tmp_path_factory.mktemp("plant"))
    for name, role in [("olga", "Operator"), ("eng", "Engineer"), ("sven", "Supervisor"), ("vera", "Observer"),
                       ("adam", "SecurityAdmin")]:
        running.add_user(name, role)
    running.trust(certificate[0].read_bytes(), "client")
    running.start()
    yield running
    assert running.stop() == 0


@pytest_asyncio.fixture(scope="session")
async def anonymous(plant):
    async with Client(plant.url, timeout=20) as client:
        yield client


async def secure_client(plant, certificate, user: str | None = None, policy=SecurityPolicyBasic256Sha256,
                        mode=ua.MessageSecurityMode.SignAndEncrypt, password: str = PASSWORD) -> Client:
    """A client that is not yet connected, over a secured channel."""
    client = Client(plant.url, timeout=20)
    client.application_uri = CLIENT_URI
    await client.set_security(policy, str(certificate[0]), str(certificate[1]), mode=mode)
    if user:
        client.set_user(user)
        client.set_password(password)
    return client


@pytest_asyncio.fixture(scope="session")
async def operator(plant, certificate):
    client = await secure_client(plant, certificate, "olga")
    async with client:
        yield client


@pytest_asyncio.fixture(scope="session")
async def engineer(plant, certificate):
    client = await secure_client(plant, certificate, "eng")
    async with client:
        yield client


@pytest_asyncio.fixture(scope="session")
async def administrator(plant, certificate):
    client = await secure_client(plant, certificate, "adam")
    async with client:
        yield client


@pytest.fixture(scope="session")
def alarm_server(tmp_path_factory, certificate) -> Plant:
    """A server with the fixture's alarms, for each of which a client has the cause in its hands."""
    running = Plant(tmp_path_factory.mktemp("alarms"), extra=["--fixture"])
    for name, role in [("olga", "Operator"), ("sven", "Supervisor"), ("eng", "Engineer"), ("vera", "Observer")]:
        running.add_user(name, role)
    running.trust(certificate[0].read_bytes(), "client")
    running.start()
    yield running
    assert running.stop() == 0


def person(name: str):
    @pytest_asyncio.fixture(scope="session", name=name)
    async def connected(alarm_server, certificate):
        async with await secure_client(alarm_server, certificate, name) as client:
            yield client

    return connected


olga, sven, eng, vera = (person(name) for name in ("olga", "sven", "eng", "vera"))


@pytest_asyncio.fixture
async def alarms(olga, eng):
    """A listener at the fixture, all of whose conditions are as at the start, and are so again afterwards."""
    await clean(eng)
    listener = await Alarms(olga).start(olga.get_node(ua.NodeId("AlarmFixture", 2)))
    assert await listener.refresh() == []
    listener.events.clear()
    yield listener
    await listener.stop()
    await clean(eng)
