// A feeder jams on one electrolyzer: what the operator sees and does in node-opcua, from the first alarm to the last,
// and what is left of it after the server has been killed.
"use strict";

const { readFileSync, writeFileSync } = require("node:fs");
const path = require("node:path");
const { after, before, test } = require("node:test");
const assert = require("node:assert/strict");
const {
  DataType, StatusCodes, Variant,
  acknowledgeCondition, callMethodCondition, confirmCondition, extractConditionFields,
} = require("node-opcua-client");
const { EventList, Plant, call, eventually, write } = require("./plant");

const CELL = "ns=2;s=Line1.EL101";
const FEEDER = `${CELL}.Feeder`;
const OWN = ["3:StartVoltage", "3:MaximumVoltage", "3:Duration", "3:EstimatedCF4", "LimitState.CurrentState", "LowLowLimit"];
const plant = new Plant();
let olga;
let eng;
let fields;
let list;

before(async () => {
  // The default plant, in which nobody mends anything by himself and nothing else fails.
  const tests = path.dirname(process.env.CELLHOUSE_TRUSTING_SERVER);
  const text = readFileSync(path.join(tests, "../../config/plant.toml"), "utf8");
  const config = path.join(plant.folder, "plant.toml");
  writeFileSync(config, text.replace(/^crew = true/m, "crew = false").replace(/^hazards = true/m, "hazards = false"));
  plant.extra = ["--config", config, "--speed", "60", "--seed", "7"];
  for (const [name, role] of [["olga", "Operator"], ["eng", "Engineer"]]) plant.addUser(name, role);
  await plant.start();
  await connect();
});

after(async () => {
  await plant.disconnect();
  assert.equal(await plant.end("SIGTERM"), 0);
  plant.remove();
});

async function connect() {
  olga = await plant.connect("olga");
  eng = await plant.connect("eng");
  fields = [...await extractConditionFields(olga, "AlarmConditionType"), ...OWN];
  list = await new EventList(olga, fields).start(CELL);
}

const read = async (name) => (await olga.read({ nodeId: `${CELL}.${name}` })).value.value;
const isActive = (it) => it["ActiveState.Id"] === true;
const isInactive = (it) => it["ActiveState.Id"] === false;
const conditions = () => list.events.filter((it) => it.ConditionName);

/** Puts a jam in again and again until the feeder gives it up: its own attempts may break it loose. */
async function jam() {
  const text = (value) => new Variant({ dataType: DataType.String, value });
  await eventually(async () => {
    const seconds = new Variant({ dataType: DataType.Double, value: 0 });
    const status = await call(
      eng, "ns=2;s=Plant", "ns=2;s=Plant.InjectFault", text("FeederJam"), text("Line1.EL101.Feeder"), seconds,
    );
    assert.equal(status, StatusCodes.Good);
    return (await read("Feeder.FeederFault")) & 4;
  }, "the jam", 20_000);
}

/** Acknowledges and confirms what came before by itself, such as interlock 7 before interlock 11. */
async function closeBranches(name, condition) {
  const branches = conditions().filter((it) => it.ConditionName === name && !it.BranchId.isEmpty());
  for (const branch of new Set(branches.map((it) => it.BranchId.toString()))) {
    const own = (it) => it.BranchId.toString() === branch;
    let { EventId, ["AckedState.Id"]: isAcked } = await list.last(name, own);
    if (!isAcked) {
      assert.equal(await acknowledgeCondition(olga, condition, EventId, "seen late"), StatusCodes.Good, name);
      ({ EventId } = await list.last(name, (it) => own(it) && it["AckedState.Id"]));
    }
    assert.equal(await confirmCondition(olga, condition, EventId, "mended"), StatusCodes.Good, name);
    await list.last(name, (it) => own(it) && it["ConfirmedState.Id"] && it["AckedState.Id"] && !it.Retain);
  }
}

/** Every field that each condition's event has, whatever it tells. */
function checkFields(event, source, seenIds) {
  const name = event.ConditionName;
  const say = `${name}: ${event.Message.text}`;
  const id = event.EventId.toString("hex");
  assert.equal(event.EventId.length, 16, say);
  assert.ok(!seenIds.has(id), `EventId twice: ${say}`);
  seenIds.add(id);
  assert.equal(event.ConditionId.toString(), `ns=2;s=${source}.Alarms.${name}`);
  assert.equal(event.SourceNode.toString(), `ns=2;s=${source}`);
  assert.equal(event.SourceName, source);
  assert.equal(event.EventType.isEmpty(), false, say);
  for (const field of ["Time", "ReceiveTime", "ActiveState.TransitionTime", "Comment.SourceTimestamp"]) {
    assert.ok(event[field] instanceof Date, `${field} of ${say}`);
  }
  assert.equal(typeof event.LocalTime.offset, "number", say);
  assert.ok(event.Message.text.startsWith(`${source}: `), say);
  assert.ok(event.Severity >= 300 && event.Severity <= 900, say);
  assert.equal(event.ConditionClassId.toString(), "ns=0;i=11164", say);
  assert.equal(event.ConditionClassName.text, "ProcessConditionClassType", say);
  assert.equal(event["EnabledState.Id"], true, say);
  assert.equal(event.EnabledState.text, "Enabled", say);
  assert.equal(event.Quality, StatusCodes.Good, say);
  assert.equal(event.AckedState.text, event["AckedState.Id"] ? "Acknowledged" : "Unacknowledged", say);
  assert.equal(event.ConfirmedState.text, event["ConfirmedState.Id"] ? "Confirmed" : "Unconfirmed", say);
  assert.equal(event.ActiveState.text, event["ActiveState.Id"] ? "Active" : "Inactive", say);
  for (const field of ["Retain", "SuppressedOrShelved", "FirstInGroupFlag"]) {
    assert.equal(typeof event[field], "boolean", `${field} of ${say}`);
  }
  assert.equal(typeof event.LastSeverity, "number", say);
  assert.equal(typeof event.ClientUserId, "string", say);
  assert.ok(event.InputNode.toString().startsWith(`ns=2;s=${source}.`), say);
  assert.equal(event["ShelvingState.CurrentState"].text, "Unshelved", say);
  const open = isActive(event) || !event["AckedState.Id"] || !event["ConfirmedState.Id"];
  if (event.BranchId.isEmpty() && open) assert.equal(event.Retain, true, say);
}

test("a feeder jams: every alarm that follows is seen, acknowledged, cleared and confirmed", async () => {
  // The bath has been fed too little for a while: the jam leaves less time than the 33 to 42 min of a full bath, so that
  // the anode effect comes before interlock 11 holds the electrolyzer.
  const mode = (value) => eng.write({
    nodeId: `${CELL}.Control.FeedControlMode`, attributeId: 13, value: { value: { dataType: DataType.UInt32, value } },
  });
  assert.equal(await mode(1), StatusCodes.Good);
  assert.equal(await write(eng, `${FEEDER}.TargetFlowRate`, 0), StatusCodes.Good);
  await eventually(async () => (await read("AnodeEffect.Risk")) > 0.84, "a lean bath", 60_000);
  assert.equal(await write(eng, `${FEEDER}.TargetFlowRate`, 276), StatusCodes.Good);
  assert.deepEqual(conditions().map((it) => it.Message.text), [], "no alarm before");
  await jam();

  const jammed = await list.last("FeederJam", isActive);
  const deviates = await list.last("FeedDeviation", isActive, 30_000);
  const warned = await list.last("AnodeEffectWarning", isActive, 60_000);
  const burns = await list.last("AnodeEffect", isActive, 60_000);
  // Interlock 7 (500) acts while the anode effect burns, interlock 11 (700) lowers the current 10 min after the jam.
  const held = await list.last("InterlockActive", (it) => isActive(it) && it.Severity === 700, 60_000);
  // Causes come before what follows from them: deviation, prediction and interlock from the jam.
  for (const it of [deviates, warned, burns, held]) assert.ok(jammed.Time < it.Time, it.Message.text);
  assert.ok(warned.Time < burns.Time, "predicted");
  assert.equal(conditions()[0].ConditionName, "FeederJam");
  assert.deepEqual([jammed, deviates, warned, burns, held].map((it) => it.FirstInGroupFlag), [true, false, false, false, false]);
  assert.deepEqual([jammed.Severity, deviates.Severity, burns.Severity, held.Severity], [700, 700, 800, 700]);
  assert.deepEqual(
    [jammed, deviates, warned, burns, held].map((it) => it.EventType.toString()),
    ["ns=0;i=10637", "ns=0;i=9764", "ns=0;i=9482", "ns=3;i=9140", "ns=0;i=10637"],
  );
  assert.deepEqual(
    [jammed, deviates, warned, burns, held].map((it) => it.InputNode.toString().slice(CELL.length)),
    [".Feeder.FeederFault", ".Feeder.FlowRate", ".AnodeEffect.Risk", ".AnodeEffect.Active", ".State.InterlockStatus"],
  );
  assert.equal(deviates["LimitState.CurrentState"].text, "LowLow");
  assert.ok(Math.abs(deviates.LowLowLimit + 0.15 * 276) < 1, "15 % of the target");
  assert.ok(burns["3:StartVoltage"] > 10, "volts");
  assert.match(await read("State.FirstOutInterlock"), /^I(7 anode effect|11 feeder fault)/);

  // The dose quenches it; its end says how high the voltage was, how long it burned and how much CF4 it made.
  const ended = await list.last("AnodeEffect", isInactive, 30_000);
  assert.ok(ended["3:MaximumVoltage"] >= ended["3:StartVoltage"] && ended["3:StartVoltage"] === burns["3:StartVoltage"]);
  assert.ok(ended["3:Duration"] > 0 && ended["3:EstimatedCF4"] > 0);
  assert.equal(ended["AckedState.Id"], false);
  assert.equal(ended.Retain, true, "gone, and nobody has seen it");

  // The operator sees to it, and says so.
  const names = ["FeederJam", "AnodeEffectWarning", "AnodeEffect", "InterlockActive"];
  const id = (name) => `${name === "FeederJam" ? FEEDER : CELL}.Alarms.${name}`;
  for (const name of names) {
    const { EventId } = await list.last(name);
    assert.equal(await acknowledgeCondition(olga, id(name), EventId, `${name} seen`), StatusCodes.Good, name);
    const event = await list.last(name, (it) => it["AckedState.Id"] && it.Comment.text === `${name} seen`);
    assert.deepEqual([event.ClientUserId, event["ConfirmedState.Id"], event.Retain], ["olga", false, true], name);
  }
  const remark = await list.last("FeederJam");
  assert.equal(await callMethodCondition(olga, "AddComment", id("FeederJam"), remark.EventId, "screw taken out"), StatusCodes.Good);
  await list.last("FeederJam", (it) => it.Comment.text === "screw taken out" && isActive(it));

  // The cause is cleared: alarms go, and wait to be confirmed.
  assert.equal(await call(olga, FEEDER, `${FEEDER}.ResetFault`), StatusCodes.Good);
  assert.equal(await mode(3), StatusCodes.Good);
  for (const name of names) {
    const event = await list.last(name, (it) => isInactive(it) && it["AckedState.Id"], 30_000);
    assert.equal(event.Retain, true, name);
    await closeBranches(name, id(name));
    assert.equal(await confirmCondition(olga, id(name), event.EventId, "mended"), StatusCodes.Good, name);
    await list.last(name, (it) => it.BranchId.isEmpty() && it["ConfirmedState.Id"] && it["AckedState.Id"] && !it.Retain);
  }

  // Part 9, 5.5.2: the events of each condition tell its whole story, in order, each once.
  const seen = new Set();
  for (const event of conditions()) {
    checkFields(event, event.SourceName, seen);
  }
  const told = conditions().filter((it) => it.ConditionName === "FeederJam");
  const story = told.map((it) => [it["ActiveState.Id"], it["AckedState.Id"], it["ConfirmedState.Id"], it.Retain]);
  assert.deepEqual(story, [
    [true, false, true, true], [true, true, false, true], [true, true, false, true], [false, true, false, true],
    [false, true, true, false],
  ]);
});

test("an anode effect that lasts becomes urgent, and asks whether to restart", async () => {
  const cell = "ns=2;s=Line1.EL110";
  const own = await new EventList(olga, [...fields, "DialogState.Id", "Prompt", "LastResponse"]).start(cell);
  const text = (value) => new Variant({ dataType: DataType.String, value });
  const seconds = new Variant({ dataType: DataType.Double, value: 0 });
  const read110 = async (name) => (await olga.read({ nodeId: `${cell}.${name}` })).value.value;
  const find = (name, fits) => own.events.filter((it) => it.ConditionName === name && fits(it)).at(-1);
  // No dose helps: it is lit again and again, until the controls give it up.
  const asked = await eventually(async () => {
    const burn = ["ns=2;s=Plant", "ns=2;s=Plant.InjectFault", text("AnodeEffect"), text("Line1.EL110"), seconds];
    assert.equal(await call(eng, ...burn), StatusCodes.Good);
    return find("RestartAfterAnodeEffect", (it) => it["DialogState.Id"]);
  }, "the question", 60_000);
  const first = own.events.find((it) => it.ConditionName === "AnodeEffect");
  const urgent = own.events.find((it) => it.ConditionName === "AnodeEffect" && it.Severity === 900);
  assert.deepEqual([first.Severity, urgent.LastSeverity, urgent["AckedState.Id"]], [800, 800, false]);
  const after_s = (urgent.Time - urgent["ActiveState.TransitionTime"]) / 1000;
  assert.ok(after_s >= 118 && after_s <= 125, `${after_s} s`);
  assert.match(asked.Prompt.text, /Restart it\?$/);
  const dialog = `${cell}.Alarms.RestartAfterAnodeEffect`;
  const answer = new Variant({ dataType: DataType.Int32, value: 1 });
  assert.equal(await call(eng, dialog, `${dialog}.Respond`, new Variant({ dataType: DataType.Int32, value: 3 })), StatusCodes.BadDialogResponseInvalid);
  // To restart is hazardous, also as an answer: it waits until it is approved, and nobody does.
  const restart = new Variant({ dataType: DataType.Int32, value: 0 });
  await eventually(async () => (await read110("State.Phase")) === 11, "an electrolyzer that is held");
  assert.equal(await call(eng, dialog, `${dialog}.Respond`, restart), StatusCodes.BadRequestNotComplete);
  const pending = "ns=2;s=Plant.PendingApprovals";
  const [line] = (await eng.read({ nodeId: `${pending}.Summary` })).value.value;
  assert.match(line, /^\d+: eng asks for Line1\.EL110\.Alarms\.RestartAfterAnodeEffect\.Respond\(0\)/);
  const request = new Variant({ dataType: DataType.UInt32, value: parseInt(line, 10) });
  assert.equal(await call(olga, pending, `${pending}.Withdraw`, request), StatusCodes.Good);
  assert.equal(await read110("State.Phase"), 11);
  assert.equal(await call(eng, dialog, `${dialog}.Respond`, answer), StatusCodes.Good);
  const answered = await eventually(() => find("RestartAfterAnodeEffect", (it) => it["DialogState.Id"] === false), "the answer");
  assert.deepEqual([answered.LastResponse, answered.ClientUserId, answered.Retain], [1, "eng", false]);
  assert.equal(await call(eng, dialog, `${dialog}.Respond`, answer), StatusCodes.BadDialogNotActive);
  await own.subscription.terminate();
});

test("ac_25 after kill -9 what was acknowledged is so still, and its EventId confirms", async () => {
  await call(olga, FEEDER, `${FEEDER}.ResetFault`);
  await eventually(async () => (await read("Feeder.FeederFault")) === 0, "a feeder that is whole");
  list.events.length = 0;
  await jam();
  const jammed = await list.last("FeederJam", isActive);
  await list.last("FeedDeviation", isActive, 30_000);
  const condition = `${FEEDER}.Alarms.FeederJam`;
  assert.equal(await acknowledgeCondition(olga, condition, jammed.EventId, "on my way"), StatusCodes.Good);
  const before = conditions();
  // Answered is kept: the process is killed before it can do anything more.
  assert.equal(await plant.end("SIGKILL"), null);
  await plant.disconnect();
  await plant.start();
  await connect();

  const trunks = (await list.refresh()).filter((it) => it.BranchId.isEmpty());
  const refreshed = Object.fromEntries(trunks.map((it) => [it.ConditionName, it]));
  // The simulated process starts anew: there is no jam any more, so that the alarm is inactive or becomes so at once.
  // What people have done with it is as it was.
  const kept = refreshed.FeederJam;
  assert.deepEqual([kept["AckedState.Id"], kept["ConfirmedState.Id"], kept.Retain], [true, false, true]);
  assert.deepEqual([kept.Comment.text, kept.ClientUserId], ["on my way", "olga"]);
  assert.equal(refreshed.FeedDeviation["AckedState.Id"], false, "what nobody has seen is unseen still");
  assert.equal(refreshed.FeedDeviation.Retain, true);
  if (isActive(kept)) await list.last("FeederJam", isInactive);
  assert.equal(await confirmCondition(olga, condition, jammed.EventId, "mended"), StatusCodes.Good);
  const event = await list.last("FeederJam", (it) => it["ConfirmedState.Id"] && it["AckedState.Id"]);
  assert.deepEqual([event.Retain, event.Comment.text], [false, "mended"]);
  const seen = new Set([...before, kept].map((it) => it.EventId.toString("hex")));
  assert.ok(!seen.has(event.EventId.toString("hex")), "no EventId is given twice, over a restart either");
});
