"""One server for the session, and o6 clients on it: open62541's client, in a wheel.

The suite runs in a process of its own, because o6 without a licence file ends its process after ten minutes.
"""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "python"))

from o6 import Client  # noqa: E402

from certificates import CLIENT_URI, make_certificate  # noqa: E402
from plant import PASSWORD, Plant  # noqa: E402


@pytest.fixture(scope="session")
def certificate(tmp_path_factory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("client"))


@pytest.fixture(scope="session")
def plant(tmp_path_factory, certificate) -> Plant:
    running = Plant(tmp_path_factory.mktemp("plant"))
    running.add_user("olga", "Operator")
    running.trust(certificate[0].read_bytes(), "client")
    running.start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def anonymous(plant):
    with Client(plant.url) as client:
        yield client


@pytest.fixture
def secured(plant, certificate):
    """Makes clients over a secured channel."""

    def make(policy: str, mode: int, **user: str) -> Client:
        own = list((plant.data / "pki" / "own" / "certs").glob("*.der"))
        return Client(
            plant.url,
            certificate=certificate[0],
            privateKey=certificate[1],
            trustList=own,
            securityMode=mode,
            securityPolicy=f"http://opcfoundation.org/UA/SecurityPolicy#{policy}",
            applicationUri=CLIENT_URI,
            **user,
        )

    return make


@pytest.fixture
def operator(secured):
    with secured("Basic256Sha256", 3, username="olga", password=PASSWORD) as client:
        yield client
