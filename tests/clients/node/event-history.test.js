// The history of events through node-opcua (HA-28).
"use strict";

const { after, before, test } = require("node:test");
const assert = require("node:assert/strict");
const {
  HistoryReadRequest, ReadEventDetails, StatusCodes, TimestampsToReturn, constructEventFilter, ofType,
} = require("node-opcua-client");
const { Plant, eventually, write } = require("./plant");

const FIXTURE = "ns=2;s=AlarmFixture";
const FIELDS = ["EventId", "EventType", "Time", "Message", "Severity", "ConditionName", "ActiveState.Id"];
const plant = new Plant(["--fixture"]);
let olga;

before(async () => {
  plant.addUser("olga", "Operator");
  await plant.start();
  olga = await plant.connect("olga");
});

after(async () => {
  await plant.disconnect();
  assert.equal(await plant.end("SIGTERM"), 0);
  plant.remove();
});

/** Events of a notifier, as objects; page by page. */
async function history(session, nodeId, { start, end, count = 0, where }) {
  const events = [];
  let continuationPoint = null;
  let pages = 0;
  do {
    const { results } = await session.historyRead(new HistoryReadRequest({
      historyReadDetails: new ReadEventDetails({
        startTime: start, endTime: end, numValuesPerNode: count, filter: constructEventFilter(FIELDS, where),
      }),
      timestampsToReturn: TimestampsToReturn.Both,
      nodesToRead: [{ nodeId, continuationPoint }],
    }));
    const [result] = results;
    assert.ok(result.statusCode.isGood(), result.statusCode.toString());
    for (const { eventFields } of result.historyData.events ?? []) {
      events.push(Object.fromEntries(FIELDS.map((name, index) => [name, eventFields[index].value])));
    }
    continuationPoint = result.continuationPoint?.length ? result.continuationPoint : null;
    pages += 1;
  } while (continuationPoint);
  return { events, pages };
}

test("HA-28 an alarm that nobody listened to is in the history, in both directions and in pages", async () => {
  const [start, end] = [new Date(Date.now() - 60_000), new Date(Date.now() + 60_000)];
  for (const on of [true, false]) {
    await write(olga, `${FIXTURE}.BooleanSource`, on);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
  }
  const where = ofType("OffNormalAlarmType");
  const of = (it) => it.ConditionName === "OffNormal";
  await eventually(async () => {
    const { events } = await history(olga, FIXTURE, { start, end, where });
    return events.filter(of).length >= 2;
  }, "two changes of the alarm");
  const forward = (await history(olga, FIXTURE, { start, end, where })).events;
  assert.deepEqual(forward.filter(of).map((it) => it["ActiveState.Id"]).slice(0, 2), [true, false]);
  const backward = (await history(olga, FIXTURE, { start: end, end: start, where })).events;
  const ids = (events) => events.map((it) => it.EventId.toString("hex"));
  assert.deepEqual(ids(backward), ids(forward).reverse());
  const paged = await history(olga, FIXTURE, { start, end, where, count: 3 });
  assert.deepEqual(ids(paged.events), ids(forward));
  assert.ok(paged.pages > 1);
});

test("HA-28 a time without events is GoodNoData", async () => {
  const { results: [result] } = await olga.historyRead(new HistoryReadRequest({
    historyReadDetails: new ReadEventDetails({
      startTime: new Date("2001-01-01"), endTime: new Date("2001-01-02"), filter: constructEventFilter(FIELDS),
    }),
    timestampsToReturn: TimestampsToReturn.Both,
    nodesToRead: [{ nodeId: "ns=0;i=2253" }],
  }));
  assert.equal(result.statusCode, StatusCodes.GoodNoData);
});
