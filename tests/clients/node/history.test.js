// Historical access through node-opcua (HA-*). SAMPLES is also in tests/clients/python/test_history.py: both clients
// read the same values.
"use strict";

const { after, before, test } = require("node:test");
const assert = require("node:assert/strict");
const {
  AggregateFunction, DataType, DataValue, HistoryReadRequest, HistoryUpdateRequest, ReadProcessedDetails,
  ReadRawModifiedDetails, StatusCodes, TimestampsToReturn, Variant,
} = require("node-opcua-client");
const { DeleteRawModifiedDetails, PerformUpdateType, UpdateDataDetails } = require("node-opcua-types");
const { Plant } = require("./plant.js");

const START = Date.UTC(2011, 0, 1);
// Seconds behind the start, value, status.
const SAMPLES = [
  [0, 10.5, "Good"],
  [10, 11.25, "Good"],
  [20, -3.0, "UncertainLastUsableValue"],
  [30, 12.0, "Good"],
  [40, 0.1, "Good"],
  [50, 1e300, "Good"],
];
// node-opcua asks for bounds unless it is told otherwise.
const PLAIN = { returnBounds: false };
const URI = "urn:cellhouse:conformance";

const plant = new Plant(["--fixture"]);
let session;
let nodeId;

const at = (seconds) => new Date(START + 1000 * seconds);
const seen = (values) => values.map((it) => [(it.sourceTimestamp - START) / 1000, it.value.value, it.statusCode.name]);

/** The results of a HistoryUpdate. */
async function update(...historyUpdateDetails) {
  const request = new HistoryUpdateRequest({ historyUpdateDetails });
  const response = await session.performMessageTransaction(request);
  return response.results;
}

/** The answer for the node to a HistoryRead. */
async function read(historyReadDetails, continuationPoint) {
  const request = new HistoryReadRequest({
    historyReadDetails, timestampsToReturn: TimestampsToReturn.Both, nodesToRead: [{ nodeId, continuationPoint }],
  });
  return (await session.historyRead(request)).results[0];
}

before(async () => {
  plant.addUser("eng", "Engineer");
  await plant.start();
  session = await plant.connect("eng");
  const namespaces = await session.readNamespaceArray();
  nodeId = `ns=${namespaces.indexOf(URI)};s=History.Double`;
  const updateValues = SAMPLES.map(([seconds, value, status]) => new DataValue({
    sourceTimestamp: at(seconds), statusCode: StatusCodes[status], value: new Variant({ dataType: DataType.Double, value }),
  }));
  const performInsertReplace = PerformUpdateType.Insert;
  const [inserted] = await update(new UpdateDataDetails({ nodeId, performInsertReplace, updateValues }));
  assert.deepEqual(inserted.operationResults.map((it) => it.name), SAMPLES.map(() => "GoodEntryInserted"));
});

after(async () => {
  await plant.disconnect();
  await plant.end("SIGTERM");
  plant.remove();
});

test("HA-01 readHistoryValue gives what was inserted, in both directions", async () => {
  const forward = await session.readHistoryValue({ nodeId }, at(0), at(60), PLAIN);
  assert.equal(forward.statusCode, StatusCodes.Good);
  assert.deepEqual(seen(forward.historyData.dataValues), SAMPLES);
  const backward = await session.readHistoryValue({ nodeId }, at(50), at(5), PLAIN);
  assert.deepEqual(seen(backward.historyData.dataValues), SAMPLES.slice(1).reverse());
});

test("HA-04 pages are followed to the end", async () => {
  const details = () => new ReadRawModifiedDetails({
    isReadModified: false, startTime: at(0), endTime: at(60), numValuesPerNode: 4, returnBounds: false,
  });
  const first = await read(details());
  assert.deepEqual(seen(first.historyData.dataValues), SAMPLES.slice(0, 4));
  const second = await read(details(), first.continuationPoint);
  assert.deepEqual(seen(second.historyData.dataValues), SAMPLES.slice(4));
  assert.ok(!second.continuationPoint?.length);
  const again = await read(details(), first.continuationPoint);
  assert.equal(again.statusCode.name, "BadContinuationPointInvalid");
});

test("HA-29 readAggregateValue averages intervals", async () => {
  const result = await session.readAggregateValue({ nodeId }, at(0), at(40), AggregateFunction.Average, 20_000, {
    useServerCapabilitiesDefaults: true,
  });
  const values = result.historyData.dataValues;
  assert.deepEqual(values.map((it) => it.value.value), [10.875, 12]);
  assert.deepEqual(values.map((it) => it.statusCode.value), [0x401, (StatusCodes.UncertainDataSubNormal.value | 0x401) >>> 0]);
});

test("HA-29 one request reads different aggregates of a node", async () => {
  const functions = [AggregateFunction.Minimum, AggregateFunction.Maximum, AggregateFunction.Count];
  const results = await session.readAggregateValue(
    functions.map(() => ({ nodeId })), at(0), at(20), functions, 0, { useServerCapabilitiesDefaults: true },
  );
  assert.deepEqual(results.map((it) => it.historyData.dataValues[0].value.value), [10.5, 11.25, 2]);
});

test("HA-31 an unknown aggregate is the node's own error", async () => {
  const result = await read(new ReadProcessedDetails({
    startTime: at(0), endTime: at(40), processingInterval: 20_000, aggregateType: ["i=85"],
    aggregateConfiguration: { useServerCapabilitiesDefaults: true },
  }));
  assert.equal(result.statusCode.name, "BadAggregateNotSupported");
});

test("HA-23 a deletion takes a range and no more", async () => {
  const updateValues = [100, 110, 120].map((seconds) => new DataValue({
    sourceTimestamp: at(seconds), statusCode: StatusCodes.Good, value: new Variant({ dataType: DataType.Double, value: 1 }),
  }));
  const range = { nodeId, isDeleteModified: false, startTime: at(110), endTime: at(120) };
  const [, deleted] = await update(
    new UpdateDataDetails({ nodeId, performInsertReplace: PerformUpdateType.Insert, updateValues }),
    new DeleteRawModifiedDetails(range),
  );
  assert.equal(deleted.statusCode.name, "Good");
  const left = await session.readHistoryValue({ nodeId }, at(100), at(200), PLAIN);
  assert.deepEqual(seen(left.historyData.dataValues).map((it) => it[0]), [100, 120]);
});
