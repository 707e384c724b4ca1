"""A session changes its user: rights change at once, also those of items that are there already."""

import asyncio

from asyncua import ua

from conftest import secure_client
from plant import PASSWORD, Plant, eventually

TEMPERATURE = "ns=2;s=Line1.EL101.Bath.Temperature"


async def test_mon_22_ses_36_an_item_of_a_user_who_may_not_read_says_so_and_leaks_nothing(tmp_path, certificate):
    server = tmp_path / "server.toml"
    server.write_text("anonymous_roles = []\n")
    running = Plant(tmp_path, extra=["--server", str(server)])
    running.add_user("olga", "Operator")
    running.trust(certificate[0].read_bytes(), "client")
    running.start()
    try:
        client = await secure_client(running, certificate, "olga")
        async with client:
            seen = []

            class Handler:
                def datachange_notification(self, node, value, data):
                    seen.append((value, data.monitored_item.Value.StatusCode.name))

                def status_change_notification(self, status):
                    pass

            subscription = await client.create_subscription(100, Handler())
            await subscription.subscribe_data_change(
                client.get_node(TEMPERATURE), ua.AttributeIds.Value, sampling_interval=0)
            await eventually(lambda: asyncio.sleep(0, len(seen) >= 2))
            await client.activate_session()
            await eventually(lambda: asyncio.sleep(0, seen[-1][1] == "BadUserAccessDenied"))
            assert seen[-1][0] is None
            count = len(seen)
            clock = client.get_node(ua.ObjectIds.Server_ServerStatus_CurrentTime)
            start = await clock.read_value()

            async def two_scans_later():
                return (await clock.read_value() - start).total_seconds() > 2.2

            await eventually(two_scans_later)
            assert len(seen) == count
            await client.activate_session(username="olga", password=PASSWORD)
            await eventually(lambda: asyncio.sleep(0, len(seen) > count and seen[-1][1] == "Good"))
    finally:
        assert running.stop() == 0
