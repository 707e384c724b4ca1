"""An operator's alarm list on asyncua: events with every field, methods of conditions, refreshes."""

from asyncua import Client, ua

from plant import eventually

BASE, CONDITION, ACKNOWLEDGEABLE, ALARM, DIALOG = 2041, 2782, 2881, 2915, 2830
FIELDS = {  # each field, by the type that declares it
    BASE: ["EventId", "EventType", "SourceNode", "SourceName", "Time", "ReceiveTime", "LocalTime", "Message",
           "Severity"],
    CONDITION: ["ConditionClassId", "ConditionClassName", "ConditionName", "BranchId", "Retain", "EnabledState",
                "EnabledState.Id", "Quality", "Quality.SourceTimestamp", "LastSeverity",
                "LastSeverity.SourceTimestamp", "Comment", "Comment.SourceTimestamp", "ClientUserId"],
    ACKNOWLEDGEABLE: ["AckedState", "AckedState.Id", "ConfirmedState", "ConfirmedState.Id"],
    ALARM: ["ActiveState", "ActiveState.Id", "ActiveState.EffectiveDisplayName", "ActiveState.TransitionTime",
            "InputNode", "SuppressedState.Id", "OutOfServiceState.Id", "SilenceState.Id", "LatchedState.Id",
            "SuppressedOrShelved", "ShelvingState.CurrentState", "ShelvingState.CurrentState.Id",
            "ShelvingState.UnshelveTime", "OnDelay", "OffDelay", "ReAlarmTime", "ReAlarmRepeatCount",
            "FirstInGroupFlag", "3:StartVoltage", "3:MaximumVoltage", "3:Duration", "3:EstimatedCF4"],
    9341: ["LimitState.CurrentState", "LimitState.CurrentState.Id"],
    9906: ["HighHighState.Id", "HighState.Id", "LowState.Id", "LowLowState.Id"],
    2955: ["HighHighLimit", "HighLimit", "LowLimit", "LowLowLimit"],
    9764: ["SetpointNode"],
    10637: ["NormalState"],
    DIALOG: ["DialogState.Id", "Prompt", "ResponseOptionSet", "LastResponse"],
}
NAMES = ["ConditionId", *(name for names in FIELDS.values() for name in names)]

ENABLE, DISABLE, COMMENT, ACKNOWLEDGE, CONFIRM = 9027, 9028, 9029, 9111, 9113
TIMED_SHELVE, ONE_SHOT_SHELVE, UNSHELVE = 2949, 2948, 2947
SUPPRESS, UNSUPPRESS, OUT_OF_SERVICE, IN_SERVICE, SILENCE, RESET = 16403, 17868, 17869, 17870, 16402, 18199
RESPOND = 9069
REFRESH, REFRESH_ONE = 3875, 12912
REFRESH_START, REFRESH_END = ua.NodeId(2787), ua.NodeId(2788)
SOURCES = {"AnalogSource": 50.0, "SetpointSource": 50.0, "BooleanSource": False, "SensorFailed": False,
           "Suppressed": False, "DialogSource": False}


def operand(declared_by: int, path: str) -> ua.SimpleAttributeOperand:
    found = ua.SimpleAttributeOperand()
    found.TypeDefinitionId = ua.NodeId(declared_by)
    found.BrowsePath = [ua.QualifiedName.from_string(it) for it in path.split(".")] if path else []
    found.AttributeId = ua.AttributeIds.Value if path else ua.AttributeIds.NodeId
    return found


class Alarms:
    """Listens to events at one notifier with every field that an alarm list shows. Keeps them in order."""

    def __init__(self, client: Client):
        self.client = client
        self.events: list[dict] = []

    async def start(self, notifier, queue_size: int = 1000) -> "Alarms":
        self.subscription = await self.client.create_subscription(50, self)
        protocol, number = self.client.uaclient, self.subscription.subscription_id
        self.item = await self.add(notifier, queue_size, 4711)

        async def heard(publish):
            for notification in publish.NotificationMessage.NotificationData or []:
                if isinstance(notification, ua.EventNotificationList):
                    self.events += [self.fields(event) for event in notification.Events]

        protocol._subscription_callbacks[number] = heard
        return self

    def fields(self, event) -> dict:
        return dict(zip(NAMES, [it.Value for it in event.EventFields]), handle=event.ClientHandle)

    async def add(self, notifier, queue_size: int, handle: int) -> int:
        """One more event item of the subscription: its id."""
        event_filter = ua.EventFilter()
        event_filter.SelectClauses = [operand(CONDITION, "")] + [
            operand(declared_by, path) for declared_by, paths in FIELDS.items() for path in paths
        ]
        request = ua.MonitoredItemCreateRequest()
        request.ItemToMonitor.NodeId = notifier.nodeid
        request.ItemToMonitor.AttributeId = ua.AttributeIds.EventNotifier
        request.MonitoringMode = ua.MonitoringMode.Reporting
        request.RequestedParameters.ClientHandle = handle
        request.RequestedParameters.QueueSize = queue_size
        request.RequestedParameters.DiscardOldest = True
        request.RequestedParameters.Filter = event_filter
        parameters = ua.CreateMonitoredItemsParameters()
        parameters.SubscriptionId = self.subscription.subscription_id
        parameters.ItemsToCreate = [request]
        parameters.TimestampsToReturn = ua.TimestampsToReturn.Both
        (result,) = await self.client.uaclient.create_monitored_items(parameters)
        result.StatusCode.check()
        self.filter_result = result.FilterResult
        return result.MonitoredItemId

    def of(self, name: str, source: str | None = None) -> list[dict]:
        return [it for it in self.events
                if it["ConditionName"] == name and source in (None, it["SourceName"])]

    async def last(self, name: str, timeout_s: float = 10.0, source: str | None = None, **wanted) -> dict:
        """Waits for an event of a condition in which the fields have these values (`A_Id` is field `A.Id`)."""

        async def found():
            fitting = [it for it in self.of(name, source)
                       if all(it[k.replace("_", ".")] == v for k, v in wanted.items())]
            return fitting[-1] if fitting else None

        try:
            return await eventually(found, timeout_s)
        except AssertionError as error:
            told = [brief(it) for it in self.of(name, source)[-5:]]
            raise AssertionError(f"{name} {wanted}: {error}; {told}") from None

    async def refresh(self) -> list[dict]:
        """Asks for a refresh and waits for its end: the events between, in order."""
        before = len(self.of_type(REFRESH_END))
        await refresh(self.client, self.subscription.subscription_id)

        async def ended():
            return len(self.of_type(REFRESH_END)) > before

        await eventually(ended)
        kinds = [it["EventType"] for it in self.events]
        start = len(kinds) - 1 - kinds[::-1].index(REFRESH_START)
        return self.events[start + 1 : start + 1 + kinds[start + 1 :].index(REFRESH_END)]

    def of_type(self, kind: ua.NodeId) -> list[dict]:
        return [it for it in self.events if it["EventType"] == kind]

    async def stop(self):
        await self.subscription.delete()


def brief(event: dict) -> str:
    message = event["Message"].Text if event["Message"] else ""
    flags = [name for name in ("ActiveState.Id", "AckedState.Id", "ConfirmedState.Id", "Retain") if event[name]]
    return f"{message} [{event['Severity']}, {' '.join(flags)}]"


async def refresh(client: Client, subscription: int):
    await client.get_node(ua.NodeId(CONDITION)).call_method(
        ua.NodeId(REFRESH), ua.Variant(subscription, ua.VariantType.UInt32))


async def refresh_one(client: Client, subscription: int, item: int):
    await client.get_node(ua.NodeId(CONDITION)).call_method(
        ua.NodeId(REFRESH_ONE), ua.Variant(subscription, ua.VariantType.UInt32),
        ua.Variant(item, ua.VariantType.UInt32))


async def write(client: Client, source: str, value) -> None:
    kind = ua.VariantType.Boolean if isinstance(value, bool) else ua.VariantType.Double
    await client.get_node(ua.NodeId(f"AlarmFixture.{source}", 2)).write_value(ua.Variant(value, kind))


def condition(client: Client, name: str):
    """A condition of the fixture, or a node below it."""
    return client.get_node(ua.NodeId(f"AlarmFixture.Alarms.{name}", 2))


async def call(client: Client, name: str, method: int, *arguments):
    """Calls a method by the NodeId that its type has for it, as most clients do."""
    return await condition(client, name).call_method(ua.NodeId(method), *arguments)


async def refused(awaitable) -> str:
    """Name of the status code that something is refused with."""
    try:
        await awaitable
    except ua.UaStatusCodeError as error:
        return ua.StatusCode(error.code).name
    return "Good"


async def call_all(client: Client, calls: list[tuple]) -> list[str]:
    """Many calls in one request, each of an object, a method and arguments: their results."""
    requests = [ua.CallMethodRequest(ObjectId=node, MethodId=ua.NodeId(method), InputArguments=list(arguments))
                for node, method, *arguments in calls]
    return [it.StatusCode.name for it in await client.uaclient.call(requests)]


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


async def clean(engineer: Client) -> None:
    """Puts every source back, and every condition of the fixture into the state that it has at the start."""
    for name, value in SOURCES.items():
        await write(engineer, name, value)
    fixture = engineer.get_node(ua.NodeId("AlarmFixture", 2))
    found = await fixture.get_references(ua.ObjectIds.HasCondition, ua.BrowseDirection.Forward)
    conditions = [it.NodeId for it in found]
    for method in (UNSHELVE, UNSUPPRESS, IN_SERVICE, DISABLE, ENABLE):
        await call_all(engineer, [(it, method) for it in conditions])
    await scanned(engineer)


async def scanned(client: Client) -> None:
    """Waits until the plant has been scanned: a rate of change needs the value of the scan before."""
    voltage = client.get_node("ns=2;s=Line1.EL101.Electrical.CellVoltage")
    before = (await voltage.read_data_value()).SourceTimestamp

    async def later():
        return (await voltage.read_data_value()).SourceTimestamp > before

    await eventually(later)
