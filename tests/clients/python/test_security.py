"""Every policy and mode with python asyncua."""

import hashlib
import subprocess

import pytest
from asyncua import Client, ua
from asyncua.crypto.security_policies import (
    SecurityPolicyAes128Sha256RsaOaep,
    SecurityPolicyAes256Sha256RsaPss,
    SecurityPolicyBasic256Sha256,
)

from certificates import make_certificate
from conftest import secure_client
from plant import eventually, is_cut_off

POLICIES = [SecurityPolicyBasic256Sha256, SecurityPolicyAes128Sha256RsaOaep, SecurityPolicyAes256Sha256RsaPss]
MODES = [ua.MessageSecurityMode.Sign, ua.MessageSecurityMode.SignAndEncrypt]


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("mode", MODES)
async def test_sc_01_each_policy_and_mode_opens_a_channel_and_reads(plant, certificate, policy, mode):
    client = await secure_client(plant, certificate, policy=policy, mode=mode)
    async with client:
        value = await client.get_node("ns=2;s=Line1.EL101.Bath.Temperature").read_value()
        assert 900 < value < 1150


@pytest.mark.parametrize("policy", POLICIES)
async def test_usr_04_right_user_and_password_on_each_policy(plant, certificate, policy):
    client = await secure_client(plant, certificate, "vera", policy=policy)
    async with client:
        assert await client.get_node(ua.ObjectIds.Server_ServerStatus_State).read_value() == 0


async def test_crt_02_an_unknown_certificate_is_refused_and_kept_for_review(plant, tmp_path):
    stranger = make_certificate(tmp_path)
    client = await secure_client(plant, stranger)
    with pytest.raises(Exception):
        async with client:
            pass
    assert list((plant.data / "pki" / "rejected").glob("**/*.der"))


async def test_crt_24_a_certificate_is_listed_trusted_and_rejected_while_the_server_runs(plant, tmp_path):
    stranger = make_certificate(tmp_path)
    thumbprint = hashlib.sha1(stranger[0].read_bytes()).hexdigest()

    async def gets_in() -> bool:
        try:
            async with await secure_client(plant, stranger):
                return True
        except (ua.UaError, ConnectionError, TimeoutError):
            return False

    def listed() -> str:
        lines = plant.cert("list").lower().splitlines()
        return next((it for it in lines if thumbprint in it), "")

    assert not await gets_in()
    assert "rejected" in listed()
    plant.cert("trust", thumbprint)
    assert "trusted" in listed()
    assert await gets_in()
    plant.cert("reject", thumbprint)
    assert not await gets_in()


async def test_crt_25_a_certificate_that_is_no_longer_trusted_ends_its_channels(plant, tmp_path):
    newcomer = make_certificate(tmp_path)
    listed = plant.data / "pki" / "trusted" / "certs" / "newcomer.der"
    plant.trust(newcomer[0].read_bytes(), "newcomer")
    client = await secure_client(plant, newcomer)
    await client.connect()
    state = client.get_node(ua.ObjectIds.Server_ServerStatus_State)
    assert await state.read_value() == 0
    listed.unlink()

    await eventually(lambda: is_cut_off(state))
    client.disconnect_socket()
    with pytest.raises(Exception):
        async with await secure_client(plant, newcomer):
            pass


async def test_dis_01_endpoints_answer_with_the_host_that_was_asked(plant):
    port = plant.url.rsplit(":", 1)[1]
    for host in ("127.0.0.1", "localhost"):
        endpoints = await Client(f"opc.tcp://{host}:{port}").connect_and_get_server_endpoints()
        assert {it.EndpointUrl for it in endpoints} == {f"opc.tcp://{host}:{port}"}
        assert len(endpoints) == 11


async def test_usr_04_user_name_on_the_unsecured_channel_is_encrypted(plant):
    client = Client(plant.url)
    client.set_user("vera")
    client.set_password("correct horse battery staple")
    async with client:
        assert await client.get_node(ua.ObjectIds.Server_ServerStatus_State).read_value() == 0


async def test_usr_13_a_user_logs_in_with_a_certificate(plant, certificate, tmp_path):
    own = make_certificate(tmp_path)
    setpoint = "ns=2;s=Line1.EL105.Control.TemperatureSetpoint"

    async def log_in():
        client = await secure_client(plant, certificate)
        await client.load_client_certificate(str(own[0]))
        await client.load_private_key(str(own[1]))
        return client

    with pytest.raises(ua.uaerrors.BadIdentityTokenRejected):
        async with await log_in():
            pass
    subprocess.run(
        [plant.binary, "user", "certificate", "olga", str(own[0]), "--data", str(plant.data)], check=True
    )
    async with await log_in() as client:
        node = client.get_node(setpoint)
        assert ua.AccessLevel.CurrentWrite in await node.get_user_access_level()
    async with await secure_client(plant, certificate) as nobody:
        assert ua.AccessLevel.CurrentWrite not in await nobody.get_node(setpoint).get_user_access_level()
