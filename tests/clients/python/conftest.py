"""One server for the session, and clients on it."""

import datetime
from pathlib import Path

import pytest
import pytest_asyncio
from asyncua import Client, ua
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from plant import PASSWORD, Plant

CLIENT_URI = "urn:cellhouse:test:client"


def make_certificate(folder: Path, uri: str = CLIENT_URI) -> tuple[Path, Path]:
    """A self-signed application certificate and its key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Cellhouse test client")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(
            x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri), x509.DNSName("localhost")]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(True, True, True, True, False, False, False, False, False), critical=True
        )
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / "client.der", folder / "client.pem"
    cert_file.write_bytes(certificate.public_bytes(serialization.Encoding.DER))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return cert_file, key_file


@pytest.fixture(scope="session")
def certificate(tmp_path_factory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("client"))


@pytest.fixture(scope="session")
def plant(tmp_path_factory, certificate) -> Plant:
    running = Plant(tmp_path_factory.mktemp("plant"))
    for name, role in [("olga", "Operator"), ("eng", "Engineer"), ("sven", "Supervisor"), ("vera", "Observer")]:
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
