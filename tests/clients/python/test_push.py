"""Certificates managed from outside with python asyncua: signing request, new certificate, trust list (GDS-*, CRT-03, CRT-08)."""

import asyncio
from pathlib import Path

import pytest
import pytest_asyncio
from asyncua import Client, ua
from asyncua.ua.ua_binary import struct_from_binary, struct_to_binary
from asyncua.common.utils import Buffer
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from authority import Authority
from certificates import make_certificate
from conftest import secure_client
from plant import PASSWORD, Plant, eventually, is_cut_off

CONFIGURATION, GROUP, TRUST_LIST = ua.NodeId(12637), ua.NodeId(14156), ua.NodeId(12642)
RSA = ua.NodeId(ua.ObjectIds.RsaSha256ApplicationCertificateType)
FIXTURE = "urn:cellhouse:conformance"
NULL = ua.Variant(None, ua.VariantType.ByteString)


def bytes_of(value: bytes) -> ua.Variant:
    return ua.Variant(value, ua.VariantType.ByteString)


async def call(client: Client, node: ua.NodeId, name: str, *arguments):
    return await client.get_node(node).call_method(f"0:{name}", *arguments)


async def signing_request(client: Client, new_key: bool = False, nonce: bytes = b"") -> bytes:
    return await call(client, CONFIGURATION, "CreateSigningRequest", GROUP, RSA, "", new_key, bytes_of(nonce))


async def update(client: Client, certificate: bytes, issuer: bytes | None = None, kind=RSA, form="", key=b""):
    issuers = ua.Variant([issuer] if issuer else [], ua.VariantType.ByteString, is_array=True)
    return await call(
        client, CONFIGURATION, "UpdateCertificate", GROUP, kind, bytes_of(certificate), issuers, form, bytes_of(key)
    )


@pytest.fixture
def pushed(tmp_path, certificate) -> Plant:
    """A server whose certificates may be changed."""
    # Ten scans a second: what is written is sampled at the next.
    plant = tmp_path / "plant.toml"
    text = (Path(__file__).parents[3] / "config" / "plant.toml").read_text()
    plant.write_text(text.replace("scan_ms = 1000", "scan_ms = 100"))
    running = Plant(tmp_path, config=str(plant), extra=["--fixture"])
    for name, role in [("adam", "SecurityAdmin"), ("vera", "Observer")]:
        running.add_user(name, role)
    running.trust(certificate[0].read_bytes(), "client")
    running.start()
    yield running
    assert running.stop() == 0


@pytest_asyncio.fixture
async def adam(pushed, certificate):
    client = await secure_client(pushed, certificate, "adam")
    await client.connect()
    yield client
    client.disconnect_socket()


async def served(plant: Plant) -> bytes:
    endpoints = await Client(plant.url).connect_and_get_server_endpoints()
    found = {it.ServerCertificate for it in endpoints if it.SecurityPolicyUri.endswith("#Basic256Sha256")}
    assert len(found) == 1
    return found.pop()


def values(messages) -> list:
    found = []
    for message in messages:
        for data in message.NotificationData or []:
            for item in getattr(data, "MonitoredItems", []):
                found.append(item.Value.Value.Value)
    return found


async def test_gds_05_a_new_certificate_is_pushed_while_a_client_stays_subscribed(pushed, adam, certificate):
    """Every value that is written meanwhile comes to it, before, between and behind its two connections."""
    old = await served(pushed)
    writer = Client(pushed.url)
    await writer.connect()
    index = await writer.get_namespace_index(FIXTURE)
    node = ua.NodeId("Scalar.Double", index)
    written, stop = [], asyncio.Event()

    async def write():
        while not stop.is_set():
            written.append(float(len(written) + 1))
            await writer.get_node(node).write_value(written[-1])
            await asyncio.sleep(0.4)

    client = await secure_client(pushed, certificate, "vera")
    await client.connect()
    parameters = ua.CreateSubscriptionParameters()
    parameters.RequestedPublishingInterval = 100
    parameters.RequestedLifetimeCount, parameters.RequestedMaxKeepAliveCount = 600, 100
    parameters.PublishingEnabled = True
    got = []
    created = await client.uaclient.create_subscription(parameters, lambda it: got.append(it.NotificationMessage))
    item = ua.MonitoredItemCreateRequest(
        ItemToMonitor=ua.ReadValueId(NodeId=node, AttributeId=ua.AttributeIds.Value),
        MonitoringMode=ua.MonitoringMode.Reporting,
        RequestedParameters=ua.MonitoringParameters(ClientHandle=1, SamplingInterval=100.0, QueueSize=1000),
    )
    items = ua.CreateMonitoredItemsParameters(created.SubscriptionId, ua.TimestampsToReturn.Both, [item])
    (result,) = await client.uaclient.create_monitored_items(items)
    result.StatusCode.check()
    writing = asyncio.create_task(write())

    async def some():
        return len(values(got)) >= 3

    await eventually(some)
    authority = Authority()
    request = await signing_request(adam, new_key=True, nonce=bytes(range(32)))
    new = authority.issue(request)
    assert await update(adam, new, authority.der) is True
    assert await served(pushed) == old, "nothing counts yet"
    await call(adam, CONFIGURATION, "ApplyChanges")
    assert await served(pushed) == new

    state = client.get_node(ua.ObjectIds.Server_ServerStatus_State)
    await eventually(lambda: is_cut_off(state))
    client.disconnect_socket()
    again = await secure_client(pushed, certificate, "vera")
    await again.connect()
    transfer = ua.TransferSubscriptionsParameters([created.SubscriptionId], False)
    (moved,) = await again.uaclient.transfer_subscriptions(transfer)
    moved.StatusCode.check()
    known = {it.SequenceNumber for it in got}
    for number in moved.AvailableSequenceNumbers:
        if number not in known:
            got.append(await again.uaclient.republish(created.SubscriptionId, number))
    behind = float(len(written) + 3)
    while behind not in values(got):
        got.append((await again.uaclient.publish([])).Parameters.NotificationMessage)
    stop.set()
    await writing
    got.sort(key=lambda it: it.SequenceNumber)
    seen = [it for it in values(got) if it in written]
    assert seen == written[: len(seen)], "none lost, none twice, in order"
    assert seen[-1] >= behind
    await again.disconnect()
    await writer.disconnect()


async def test_gds_05_a_session_goes_on_over_a_channel_with_the_new_certificate(pushed, adam, certificate):
    client = await secure_client(pushed, certificate, "vera")
    await client.connect()
    session = client.uaclient.session.authentication_token
    authority = Authority()
    await update(adam, authority.issue(await signing_request(adam)), authority.der)
    await call(adam, CONFIGURATION, "ApplyChanges")

    async def is_logged():
        log = "".join(it.read_text() for it in (pushed.data / "audit").iterdir() if it.is_file())
        return "CertificateUpdatedAuditEventType" in log and "CertificateUpdateRequestedAuditEventType" in log

    await eventually(is_logged)
    client.disconnect_socket()
    again = await secure_client(pushed, certificate, "vera")
    await again.connect_socket()
    await again.send_hello()
    await again.open_secure_channel()
    again.uaclient.session.restore_authentication_token(session)
    again._server_nonce, again._policy_ids = client._server_nonce, client._policy_ids
    await again.activate_session("vera", PASSWORD)
    state = ua.ReadParameters(NodesToRead=[ua.ReadValueId(ua.NodeId(ua.ObjectIds.Server_ServerStatus_State), 13)])
    (value,) = await again.uaclient.read(state)
    assert value.Value.Value == 0
    again.disconnect_socket()


async def test_gds_03_a_signing_request_is_for_the_key_we_have_or_a_new_one(pushed, adam):
    own = x509.load_der_x509_certificate(await served(pushed))
    same = x509.load_der_x509_csr(await signing_request(adam))
    assert same.public_key() == own.public_key() and same.subject == own.subject
    names = same.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    own_names = own.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(own_names) == set(names)
    other = x509.load_der_x509_csr(await signing_request(adam, new_key=True, nonce=bytes(32)))
    assert other.public_key() != own.public_key()
    named = await call(adam, CONFIGURATION, "CreateSigningRequest", GROUP, RSA, "CN=Anew/O=Plant", False, NULL)
    assert x509.load_der_x509_csr(named).subject.rfc4514_string() == "O=Plant,CN=Anew"
    for wrong in [
        (GROUP, RSA, "", True, bytes_of(bytes(31))),
        (GROUP, RSA, "nonsense", False, NULL),
        (GROUP, ua.NodeId(1), "", False, NULL),
        (ua.NodeId(1), RSA, "", False, NULL),
    ]:
        with pytest.raises(ua.uaerrors.BadInvalidArgument):
            await call(adam, CONFIGURATION, "CreateSigningRequest", *wrong)


async def test_gds_04_a_certificate_that_cannot_be_ours_is_refused(pushed, adam, certificate, tmp_path):
    authority = Authority()
    request = await signing_request(adam)
    good = authority.issue(request)
    errors = ua.uaerrors
    with pytest.raises(errors.BadSecurityChecksFailed):
        await update(adam, good)  # Its issuer is nowhere.
    with pytest.raises(errors.BadCertificateInvalid):
        await update(adam, authority.issue(request, "urn:somebody:else"), authority.der)
    with pytest.raises(errors.BadCertificateInvalid):
        await update(adam, good[:-1], authority.der)
    with pytest.raises(errors.BadInvalidArgument):
        await update(adam, good, authority.der, kind=ua.NodeId(1))
    with pytest.raises(errors.BadNotSupported):
        await update(adam, good, authority.der, form="PFX", key=b"1234")
    with pytest.raises(errors.BadNotSupported):
        await update(adam, good, authority.der, form="PEM", key=b"1234")
    folder = tmp_path / "other"
    folder.mkdir()
    other_cert, other_key = make_certificate(folder, x509.load_der_x509_csr(request).extensions.get_extension_for_class(
        x509.SubjectAlternativeName).value.get_values_for_type(x509.UniformResourceIdentifier)[0])
    with pytest.raises(errors.BadSecurityChecksFailed):
        await update(adam, good, authority.der, form="PEM", key=other_key.read_bytes())  # Not its key.
    with pytest.raises(errors.BadCertificateInvalid):
        await update(adam, other_cert.read_bytes(), form="PEM", key=other_key.read_bytes())  # For clients only.
    with pytest.raises(errors.BadNothingToDo):
        await call(adam, CONFIGURATION, "ApplyChanges")
    assert await update(adam, good, authority.der) is True
    await call(adam, CONFIGURATION, "CancelChanges")
    with pytest.raises(errors.BadNothingToDo):
        await call(adam, CONFIGURATION, "CancelChanges")


async def test_gds_05_another_session_waits_and_the_end_of_a_session_gives_its_changes_up(pushed, adam, certificate):
    authority = Authority()
    request = await signing_request(adam)
    result = adam.get_node(ua.NodeId(32339))
    assert (await result.read_data_value(raise_on_bad_status=False)).StatusCode.value == ua.StatusCodes.BadOutOfService
    async with await secure_client(pushed, certificate, "adam") as other:
        assert await update(other, authority.issue(request), authority.der) is True
        with pytest.raises(ua.uaerrors.BadTransactionPending):
            await update(adam, authority.issue(request), authority.der)
        with pytest.raises(ua.uaerrors.BadTransactionPending):
            await call(adam, CONFIGURATION, "ApplyChanges")
    with pytest.raises(ua.uaerrors.BadNothingToDo):
        await call(adam, CONFIGURATION, "ApplyChanges")
    assert await result.read_value() == ua.StatusCode(ua.StatusCodes.BadSessionClosed)


async def test_gds_02_certificates_are_for_a_security_admin_over_an_encrypted_channel(pushed, certificate):
    async with Client(pushed.url) as nobody:
        # What the channel lacks is told first: it is of no use to ask as somebody else on it.
        with pytest.raises(ua.uaerrors.BadSecurityModeInsufficient):
            await call(nobody, CONFIGURATION, "GetRejectedList")
    async with await secure_client(pushed, certificate, "vera") as vera:
        with pytest.raises(ua.uaerrors.BadUserAccessDenied):
            await call(vera, CONFIGURATION, "ApplyChanges")
    async with await secure_client(pushed, certificate, "adam", mode=ua.MessageSecurityMode.Sign) as signed:
        with pytest.raises(ua.uaerrors.BadSecurityModeInsufficient):
            await call(signed, TRUST_LIST, "Open", ua.Variant(1, ua.VariantType.Byte))


async def read_list(client: Client) -> ua.TrustListDataType:
    handle = ua.Variant(await call(client, TRUST_LIST, "Open", ua.Variant(1, ua.VariantType.Byte)), ua.VariantType.UInt32)
    text = b""
    while part := await call(client, TRUST_LIST, "Read", handle, ua.Variant(1000, ua.VariantType.Int32)):
        text += part
    await call(client, TRUST_LIST, "Close", handle)
    return struct_from_binary(ua.TrustListDataType, Buffer(text))


async def write_list(client: Client, content: ua.TrustListDataType) -> bool:
    handle = ua.Variant(await call(client, TRUST_LIST, "Open", ua.Variant(6, ua.VariantType.Byte)), ua.VariantType.UInt32)
    text = struct_to_binary(content)
    for at in range(0, len(text), 1000):
        await call(client, TRUST_LIST, "Write", handle, bytes_of(text[at : at + 1000]))
    return await call(client, TRUST_LIST, "CloseAndUpdate", handle)


async def test_crt_03_and_08_a_written_trust_list_lets_a_client_in_and_another_one_ends_its_channel(
    pushed, adam, certificate, tmp_path
):
    authority = Authority()
    folder = tmp_path / "issued"
    folder.mkdir()
    own, key = make_certificate(folder)
    own.write_bytes(authority.issue_for(own.read_bytes()))
    with pytest.raises(Exception):
        async with await secure_client(pushed, (own, key)):
            pass
    rejected = await call(adam, CONFIGURATION, "GetRejectedList")
    assert rejected[0] == own.read_bytes()
    before = await read_list(adam)
    assert before.TrustedCertificates == [certificate[0].read_bytes()]
    updated = await adam.get_node(ua.NodeId(12662)).read_value()
    content = ua.TrustListDataType(
        SpecifiedLists=3,
        TrustedCertificates=[*before.TrustedCertificates, authority.der],
        TrustedCrls=[authority.revocation_list()],
    )
    assert await write_list(adam, content) is True
    with pytest.raises(Exception):
        async with await secure_client(pushed, (own, key)):
            pass
    await call(adam, CONFIGURATION, "ApplyChanges")
    assert await adam.get_node(ua.NodeId(12662)).read_value() > updated
    client = await secure_client(pushed, (own, key))
    await client.connect()
    state = client.get_node(ua.ObjectIds.Server_ServerStatus_State)
    assert await state.read_value() == 0
    serial = x509.load_der_x509_certificate(own.read_bytes()).serial_number
    revoking = ua.TrustListDataType(SpecifiedLists=2, TrustedCrls=[authority.revocation_list(serial)])
    assert await write_list(adam, revoking) is True
    await call(adam, CONFIGURATION, "ApplyChanges")

    await eventually(lambda: is_cut_off(state))
    client.disconnect_socket()
    with pytest.raises(Exception):
        async with await secure_client(pushed, (own, key)):
            pass
    assert len((await read_list(adam)).TrustedCertificates) == 2, "what was not written stays"


async def test_gds_07_single_certificates_come_and_go(pushed, adam, tmp_path):
    newcomer = make_certificate(tmp_path)
    der = newcomer[0].read_bytes()
    thumbprint = x509.load_der_x509_certificate(der).fingerprint(hashes.SHA1()).hex()
    handle = ua.Variant(await call(adam, TRUST_LIST, "Open", ua.Variant(6, ua.VariantType.Byte)), ua.VariantType.UInt32)
    with pytest.raises(ua.uaerrors.BadInvalidState):
        await call(adam, TRUST_LIST, "AddCertificate", bytes_of(der), True)
    with pytest.raises(ua.uaerrors.BadInvalidState):
        await call(adam, TRUST_LIST, "RemoveCertificate", thumbprint, True)
    await call(adam, TRUST_LIST, "Close", handle)
    await call(adam, TRUST_LIST, "AddCertificate", bytes_of(der), True)
    client = await secure_client(pushed, newcomer)
    await client.connect()
    state = client.get_node(ua.ObjectIds.Server_ServerStatus_State)
    await call(adam, TRUST_LIST, "RemoveCertificate", thumbprint, True)

    await eventually(lambda: is_cut_off(state))
    client.disconnect_socket()
    with pytest.raises(ua.uaerrors.BadInvalidArgument):
        await call(adam, TRUST_LIST, "RemoveCertificate", thumbprint, True)
    with pytest.raises(ua.uaerrors.BadCertificateInvalid):
        await call(adam, TRUST_LIST, "AddCertificate", bytes_of(b"no certificate"), True)


async def test_gds_11_changes_of_certificates_are_heard(pushed, adam, tmp_path):
    heard = []

    class Listener:
        def event_notification(self, event):
            heard.append(event)

    subscription = await adam.create_subscription(100, Listener())
    await subscription.subscribe_events(adam.nodes.server, ua.ObjectIds.AuditEventType)
    authority = Authority()
    await update(adam, authority.issue(await signing_request(adam)), authority.der)

    async def kinds():
        return ua.NodeId(ua.ObjectIds.CertificateUpdateRequestedAuditEventType) in {it.EventType for it in heard}

    await eventually(kinds)
    await call(adam, CONFIGURATION, "CancelChanges")
    await call(adam, TRUST_LIST, "AddCertificate", bytes_of(authority.der), False)

    async def all_of_them():
        wanted = {
            ua.ObjectIds.TrustListUpdateRequestedAuditEventType,
            ua.ObjectIds.TrustListUpdatedAuditEventType,
        }
        return {ua.NodeId(it) for it in wanted} <= {it.EventType for it in heard}

    await eventually(all_of_them)
