"""Alarms and conditions through asyncua: what an operator's alarm list does (AC-*)."""

import asyncio

import pytest
import pytest_asyncio
from asyncua import Client, ua
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256

from certificates import CLIENT_URI
from plant import PASSWORD, Plant, eventually

FIELDS = [
    "EventId", "EventType", "SourceNode", "SourceName", "Time", "Message", "Severity",
    "ConditionName", "BranchId", "Retain", "EnabledState.Id", "AckedState.Id", "ConfirmedState.Id", "ActiveState.Id",
    "ActiveState.EffectiveDisplayName", "Comment", "ClientUserId", "SuppressedOrShelved", "Quality", "LastSeverity",
    "ShelvingState.CurrentState", "ConditionClassName", "InputNode", "FirstInGroupFlag", "LimitState.CurrentState",
    "HighLimit", "DialogState.Id", "Prompt", "ReAlarmRepeatCount",
]
TYPES = {  # where each field is declared
    "ConditionName": 2782, "BranchId": 2782, "Retain": 2782, "EnabledState.Id": 2782, "Comment": 2782,
    "ClientUserId": 2782, "Quality": 2782, "LastSeverity": 2782, "ConditionClassName": 2782,
    "AckedState.Id": 2881, "ConfirmedState.Id": 2881, "LimitState.CurrentState": 9341, "HighLimit": 2955,
    "DialogState.Id": 2830, "Prompt": 2830,
}


def clause(path: str) -> ua.SimpleAttributeOperand:
    base = ["EventId", "EventType", "SourceNode", "SourceName", "Time", "Message", "Severity"]
    operand = ua.SimpleAttributeOperand()
    operand.TypeDefinitionId = ua.NodeId(2041 if path in base else TYPES.get(path, 2915))
    operand.BrowsePath = [ua.QualifiedName(it, 0) for it in path.split(".")]
    operand.AttributeId = ua.AttributeIds.Value
    return operand


def condition_id() -> ua.SimpleAttributeOperand:
    operand = ua.SimpleAttributeOperand()
    operand.TypeDefinitionId = ua.NodeId(2782)
    operand.AttributeId = ua.AttributeIds.NodeId
    return operand


class Alarms:
    """Listens to events at one notifier with every field that an alarm list shows."""

    def __init__(self, client: Client):
        self.client = client
        self.events = []

    async def start(self, notifier, queue_size: int = 1000) -> "Alarms":
        self.subscription = await self.client.create_subscription(50, self)
        event_filter = ua.EventFilter()
        event_filter.SelectClauses = [condition_id()] + [clause(it) for it in FIELDS]
        request = ua.MonitoredItemCreateRequest()
        request.ItemToMonitor.NodeId = notifier.nodeid
        request.ItemToMonitor.AttributeId = ua.AttributeIds.EventNotifier
        request.MonitoringMode = ua.MonitoringMode.Reporting
        request.RequestedParameters.ClientHandle = self.subscription._client_handle = 4711
        request.RequestedParameters.QueueSize = queue_size
        request.RequestedParameters.DiscardOldest = True
        request.RequestedParameters.Filter = event_filter
        parameters = ua.CreateMonitoredItemsParameters()
        parameters.SubscriptionId = self.subscription.subscription_id
        parameters.ItemsToCreate = [request]
        parameters.TimestampsToReturn = ua.TimestampsToReturn.Both
        results = await self.client.uaclient.create_monitored_items(parameters)
        results[0].StatusCode.check()
        self.item = results[0].MonitoredItemId
        self.filter_result = results[0].FilterResult
        protocol = self.client.uaclient
        callback = protocol._subscription_callbacks[self.subscription.subscription_id]

        async def heard(publish):
            for notification in publish.NotificationMessage.NotificationData or []:
                if isinstance(notification, ua.EventNotificationList):
                    for event in notification.Events:
                        values = [it.Value for it in event.EventFields]
                        self.events.append(dict(zip(["ConditionId", *FIELDS], values)))

        protocol._subscription_callbacks[self.subscription.subscription_id] = heard
        return self

    def of(self, name: str) -> list[dict]:
        return [it for it in self.events if it["ConditionName"] == name]

    async def last(self, name: str, timeout_s: float = 8.0, **wanted) -> dict:
        """Waits for an event of a condition in which the fields have these values."""

        async def found():
            fitting = [it for it in self.of(name) if all(it[k.replace("_", ".")] == v for k, v in wanted.items())]
            return fitting[-1] if fitting else None

        try:
            return await eventually(found, timeout_s)
        except AssertionError as error:
            raise AssertionError(f"{name} {wanted}: {error}; {self.of(name)[-3:]}") from None

    async def stop(self):
        await self.subscription.delete()


@pytest.fixture(scope="session")
def server(tmp_path_factory, certificate) -> Plant:
    running = Plant(tmp_path_factory.mktemp("alarms"), extra=["--fixture"])
    for name, role in [("olga", "Operator"), ("sven", "Supervisor"), ("eng", "Engineer")]:
        running.add_user(name, role)
    running.trust(certificate[0].read_bytes(), "client")
    running.start()
    yield running
    assert running.stop() == 0


async def connect(server: Plant, certificate, user: str) -> Client:
    client = Client(server.url, timeout=20)
    client.application_uri = CLIENT_URI
    await client.set_security(
        SecurityPolicyBasic256Sha256, str(certificate[0]), str(certificate[1]),
        mode=ua.MessageSecurityMode.SignAndEncrypt,
    )
    client.set_user(user)
    client.set_password(PASSWORD)
    await client.connect()
    return client


@pytest_asyncio.fixture(scope="session")
async def olga(server, certificate):
    client = await connect(server, certificate, "olga")
    yield client
    await client.disconnect()


@pytest_asyncio.fixture(scope="session")
async def sven(server, certificate):
    client = await connect(server, certificate, "sven")
    yield client
    await client.disconnect()


@pytest_asyncio.fixture(scope="session")
async def eng(server, certificate):
    client = await connect(server, certificate, "eng")
    yield client
    await client.disconnect()


@pytest_asyncio.fixture
async def alarms(olga):
    """A listener at the fixture; every source is put back afterwards."""
    await reset(olga)
    listener = await Alarms(olga).start(olga.get_node(ua.NodeId("AlarmFixture", 2)))
    yield listener
    await listener.stop()
    await reset(olga)


async def reset(client):
    for name, value in [("AnalogSource", 50.0), ("SetpointSource", 50.0), ("BooleanSource", False),
                        ("SensorFailed", False), ("Suppressed", False), ("DialogSource", False)]:
        await write(client, name, value)


async def write(client: Client, source: str, value) -> None:
    kind = ua.VariantType.Boolean if isinstance(value, bool) else ua.VariantType.Double
    await client.get_node(ua.NodeId(f"AlarmFixture.{source}", 2)).write_value(ua.Variant(value, kind))


def condition(client: Client, name: str):
    return client.get_node(ua.NodeId(f"AlarmFixture.Alarms.{name}", 2))


async def call(client: Client, name: str, method: int, *arguments, at: str = ""):
    node = condition(client, name + at)
    return await node.call_method(ua.NodeId(method), *arguments)


ENABLE, DISABLE, COMMENT, ACKNOWLEDGE, CONFIRM = 9027, 9028, 9029, 9111, 9113
TIMED_SHELVE, ONE_SHOT_SHELVE, UNSHELVE = 2949, 2948, 2947
SUPPRESS, UNSUPPRESS, OUT, IN, SILENCE, RESET = 16403, 17868, 17869, 17870, 16402, 18199


def said(text: str, locale: str = "en"):
    return ua.LocalizedText(text, locale)


async def settle(client: Client, listener: Alarms, name: str) -> None:
    """Acknowledges and confirms whatever is open of a condition."""
    event = listener.of(name)[-1]
    if not event["AckedState.Id"]:
        await call(client, name, ACKNOWLEDGE, event["EventId"], said(""))
        event = await listener.last(name, AckedState_Id=True, ConfirmedState_Id=False)
    if not event["ConfirmedState.Id"]:
        await call(client, name, CONFIRM, event["EventId"], said(""))


async def test_ac_01_a_limit_is_crossed_crossed_further_and_left(olga, alarms):
    await write(olga, "AnalogSource", 85.0)
    event = await alarms.last("ExclusiveLevel", ActiveState_Id=True)
    assert event["LimitState.CurrentState"].Text == "High" and event["Severity"] == 500
    assert event["Retain"] and not event["AckedState.Id"] and "AlarmFixture" in event["Message"].Text
    assert event["SourceName"] == "AlarmFixture" and event["HighLimit"] == 80.0
    assert event["ConditionId"] == ua.NodeId("AlarmFixture.Alarms.ExclusiveLevel", 2)
    await write(olga, "AnalogSource", 95.0)
    event = await alarms.last("ExclusiveLevel", Severity=900)
    assert event["LimitState.CurrentState"].Text == "HighHigh" and event["LastSeverity"] == 500
    await write(olga, "AnalogSource", 50.0)
    event = await alarms.last("ExclusiveLevel", ActiveState_Id=False)
    assert event["Retain"] and not event["AckedState.Id"]
    await settle(olga, alarms, "ExclusiveLevel")
    event = await alarms.last("ExclusiveLevel", Retain=False)
    assert event["AckedState.Id"] and event["ConfirmedState.Id"]
