// Alarms through node-opcua with its own helpers for them. Case ids as in the conformance list.
"use strict";

const { after, before, beforeEach, test } = require("node:test");
const assert = require("node:assert/strict");
const {
  DataType, StatusCodes, Variant,
  acknowledgeCondition, callMethodCondition, confirmAllConditions, acknowledgeAllConditions, confirmCondition,
  extractConditionFields, findActiveConditions, installAlarmMonitoring, uninstallAlarmMonitoring,
} = require("node-opcua-client");
const { EventList, Plant, call, eventually, write } = require("./plant");

const FIXTURE = "ns=2;s=AlarmFixture";
const LEVEL = `${FIXTURE}.Alarms.ExclusiveLevel`;
const plant = new Plant(["--fixture"]);
let olga;
let eng;
let fields;
let list;

before(async () => {
  for (const [name, role] of [["olga", "Operator"], ["eng", "Engineer"], ["vera", "Observer"]]) plant.addUser(name, role);
  await plant.start();
  olga = await plant.connect("olga");
  eng = await plant.connect("eng");
  fields = [...await extractConditionFields(olga, "AlarmConditionType"), "LimitState.CurrentState", "HighLimit"];
  list = await new EventList(olga, fields).start(FIXTURE);
});

after(async () => {
  await plant.disconnect();
  assert.equal(await plant.end("SIGTERM"), 0);
  plant.remove();
});

const set = (source, value) => write(olga, `${FIXTURE}.${source}`, value);

beforeEach(async () => {
  for (const source of ["AnalogSource", "SetpointSource"]) await set(source, 50);
  for (const source of ["BooleanSource", "SensorFailed", "Suppressed", "DialogSource"]) await set(source, false);
  const found = await eng.browse({ nodeId: FIXTURE, referenceTypeId: "HasCondition", resultMask: 63 });
  for (const method of ["ns=0;i=9028", "ns=0;i=9027"]) {
    await eng.call(found.references.map((it) => ({ objectId: it.nodeId, methodId: method, inputArguments: [] })));
  }
  assert.deepEqual(await list.refresh(), []);
  list.events.length = 0;
});

const isActive = (it) => it["ActiveState.Id"] === true;

test("ac_01 ac_04 an alarm is acknowledged, commented, confirmed and goes", async () => {
  await set("AnalogSource", 85);
  let event = await list.last("ExclusiveLevel", isActive);
  assert.equal(event.ConditionId.toString(), LEVEL);
  assert.equal(event["LimitState.CurrentState"].text, "High");
  assert.equal(event["AckedState.Id"], false);
  assert.equal(event.Retain, true);
  assert.equal(await acknowledgeCondition(olga, LEVEL, event.EventId, "on my way"), StatusCodes.Good);
  event = await list.last("ExclusiveLevel", (it) => it["AckedState.Id"]);
  assert.deepEqual([event.Comment.text, event.ClientUserId], ["on my way", "olga"]);
  assert.equal(event["ConfirmedState.Id"], false);
  assert.equal(await callMethodCondition(olga, "AddComment", LEVEL, event.EventId, "valve opened"), StatusCodes.Good);
  event = await list.last("ExclusiveLevel", (it) => it.Comment.text === "valve opened");
  await set("AnalogSource", 50);
  event = await list.last("ExclusiveLevel", (it) => !it["ActiveState.Id"]);
  assert.equal(event.Retain, true, "it waits to be confirmed");
  assert.equal(await confirmCondition(olga, LEVEL, event.EventId, "done"), StatusCodes.Good);
  event = await list.last("ExclusiveLevel", (it) => !it.Retain);
  assert.equal(event.Comment.text, "done");
});

test("ac_05 ac_06 ac_07 what comes too early, too late or for nothing is refused", async () => {
  await set("AnalogSource", 85);
  const { EventId } = await list.last("ExclusiveLevel", isActive);
  assert.equal(await confirmCondition(olga, LEVEL, EventId, ""), StatusCodes.BadInvalidState);
  assert.equal(await acknowledgeCondition(olga, LEVEL, Buffer.alloc(16), ""), StatusCodes.BadEventIdUnknown);
  assert.equal(await acknowledgeCondition(olga, LEVEL, Buffer.alloc(0), ""), StatusCodes.BadEventIdUnknown);
  assert.equal(await acknowledgeCondition(olga, LEVEL, EventId, ""), StatusCodes.Good);
  assert.equal(await acknowledgeCondition(eng, LEVEL, EventId, ""), StatusCodes.BadConditionBranchAlreadyAcked);
  assert.equal(await confirmCondition(olga, LEVEL, EventId, ""), StatusCodes.Good);
  assert.equal(await confirmCondition(eng, LEVEL, EventId, ""), StatusCodes.BadConditionBranchAlreadyConfirmed);
});

test("ac_08 ac_11 a disabled condition is refused everything", async () => {
  await set("AnalogSource", 85);
  const { EventId } = await list.last("ExclusiveLevel", isActive);
  assert.equal(await call(olga, LEVEL, `${LEVEL}.Disable`), StatusCodes.BadUserAccessDenied);
  assert.equal(await call(eng, LEVEL, `${LEVEL}.Disable`), StatusCodes.Good);
  assert.equal(await call(eng, LEVEL, `${LEVEL}.Disable`), StatusCodes.BadConditionAlreadyDisabled);
  assert.equal(await acknowledgeCondition(olga, LEVEL, EventId, ""), StatusCodes.BadConditionDisabled);
  const event = await list.last("ExclusiveLevel", (it) => !it["EnabledState.Id"]);
  assert.equal(event.Retain, false);
  assert.equal(await call(eng, LEVEL, `${LEVEL}.Enable`), StatusCodes.Good);
});

test("ac_19 ac_20 shelved for a time, until it goes, and no more", async () => {
  const shelving = `${LEVEL}.ShelvingState`;
  const ms = (value) => new Variant({ dataType: DataType.Double, value });
  await set("AnalogSource", 85);
  await list.last("ExclusiveLevel", isActive);
  assert.equal(await call(olga, shelving, `${shelving}.Unshelve`), StatusCodes.BadConditionNotShelved);
  assert.equal(await call(olga, shelving, `${shelving}.TimedShelve`, ms(0)), StatusCodes.BadShelvingTimeOutOfRange);
  assert.equal(await call(olga, shelving, `${shelving}.TimedShelve`, ms(3000)), StatusCodes.Good);
  let event = await list.last("ExclusiveLevel", (it) => it.SuppressedOrShelved);
  assert.equal(event["ShelvingState.CurrentState"].text, "Timed Shelved");
  assert.ok(event["ShelvingState.UnshelveTime"] <= 3000);
  event = await list.last("ExclusiveLevel", (it) => it.Message.text.endsWith("shelved no more"));
  assert.equal(event.SuppressedOrShelved, false);
  assert.equal(await call(olga, shelving, `${shelving}.OneShotShelve`), StatusCodes.Good);
  await set("AnalogSource", 50);
  event = await list.last("ExclusiveLevel", (it) => !it["ActiveState.Id"]);
  assert.equal(event["ShelvingState.CurrentState"].text, "Unshelved");
});

test("ac_14 a refresh tells each condition once, with the EventId that is acknowledged", async () => {
  await set("AnalogSource", 95);
  await set("BooleanSource", true);
  for (const name of ["ExclusiveLevel", "NonExclusiveLimit", "Trip", "Safety"]) await list.last(name, isActive);
  const refreshed = await list.refresh();
  const names = refreshed.map((it) => it.ConditionName);
  assert.equal(new Set(names).size, names.length);
  assert.ok(["ExclusiveLevel", "NonExclusiveLimit", "Trip", "Safety"].every((it) => names.includes(it)));
  assert.ok(refreshed.every((it) => it.Retain));
  const trip = refreshed.find((it) => it.ConditionName === "Trip");
  assert.equal(await acknowledgeCondition(olga, `${FIXTURE}.Alarms.Trip`, trip.EventId, ""), StatusCodes.Good);
});

test("ac_14 the alarm list of node-opcua shows what is there, acknowledges and forgets it", async () => {
  await set("AnalogSource", 85);
  await list.last("ExclusiveLevel", isActive);
  const own = await plant.connect("olga");
  const alarms = await installAlarmMonitoring(own);
  const find = () => alarms.alarms().find((it) => it.conditionId.toString() === LEVEL);
  let alarm = await eventually(find, "the alarm in the list");
  assert.equal(alarm.fields.activeState.id.value, true);
  assert.equal(await alarm.acknowledge(own, "seen in the list"), StatusCodes.Good);
  await eventually(() => find().fields.ackedState.id.value, "acknowledged");
  assert.equal(find().fields.comment.value.text, "seen in the list");
  await set("AnalogSource", 50);
  await eventually(() => !find().fields.activeState.id.value, "inactive");
  assert.equal(await find().confirm(own, "done"), StatusCodes.Good);
  await eventually(() => !find().getRetain(), "done with");
  alarms.purgeUnusedAlarms();
  assert.equal(find(), undefined);
  await uninstallAlarmMonitoring(own);
  await own.close();
});

test("ac_04 node-opcua acknowledges and confirms all that is open", async () => {
  await set("AnalogSource", 95);
  await set("BooleanSource", true);
  await list.last("Delayed", isActive);
  assert.ok((await findActiveConditions(olga)).length > 8);
  await acknowledgeAllConditions(olga, "all seen");
  const open = await findActiveConditions(olga);
  assert.deepEqual(open.filter((it) => !it.ackedState.id.value).map((it) => it.conditionName.value), []);
  await confirmAllConditions(olga, "all done");
  const left = await findActiveConditions(olga);
  assert.deepEqual(left.filter((it) => !it.confirmedState.id.value).map((it) => it.conditionName.value), []);
});

test("an observer sees alarms and acknowledges none", async () => {
  await set("AnalogSource", 85);
  const { EventId } = await list.last("ExclusiveLevel", isActive);
  for (const name of ["vera", undefined]) {
    const session = await plant.connect(name);
    assert.ok((await findActiveConditions(session)).length > 0);
    assert.equal(await acknowledgeCondition(session, LEVEL, EventId, "me"), StatusCodes.BadUserAccessDenied);
    await session.close();
  }
});
