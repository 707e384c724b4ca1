// Writes what node-opcua calculates from the histories of tests/aggregates/histories.json:
//   npm ci && node calculate.js ../../../aggregates/histories.json ../../../aggregates/node-opcua.json
"use strict";

const { readFileSync, writeFileSync } = require("node:fs");
const { promisify } = require("node:util");
const aggregates = require("node-opcua-aggregates");
const { AddressSpace } = require("node-opcua-address-space");
const { generateAddressSpace } = require("node-opcua-address-space/nodeJS");
const { DataValue } = require("node-opcua-data-value");
const { nodesets } = require("node-opcua-nodesets");
const { StatusCodes } = require("node-opcua-status-code");
const { DataType } = require("node-opcua-variant");

const FUNCTIONS = {
  Interpolative: aggregates.getInterpolatedData,
  Average: aggregates.getAverageData,
  Minimum: aggregates.getMinData,
  Maximum: aggregates.getMaxData,
  Count: aggregates.getCountData,
  DurationGood: aggregates.getDurationGoodData,
  DurationBad: aggregates.getDurationBadData,
  PercentGood: aggregates.getPercentGoodData,
  PercentBad: aggregates.getPercentBadData,
};

// Seconds behind this instant.
const EPOCH_MS = Date.UTC(2012, 0, 2, 12);

function historize(space, history) {
  const variable = space.getOwnNamespace().addVariable({ browseName: history.name, dataType: "Double" });
  space.installHistoricalDataNode(variable);
  aggregates.installAggregateConfigurationOptions(variable, {
    treatUncertainAsBad: history.treat_uncertain_as_bad,
    percentDataBad: history.percent_bad,
    percentDataGood: history.percent_good,
    stepped: history.is_stepped,
    useSlopedExtrapolation: false,
  });
  for (const [seconds, value, status] of history.samples) {
    variable._historyPush(new DataValue({
      sourceTimestamp: new Date(EPOCH_MS + 1000 * seconds),
      value: { dataType: value === null ? DataType.Null : DataType.Double, value },
      statusCode: StatusCodes[status],
    }));
  }
  return variable;
}

async function calculate(variable, history, name, intervalS) {
  const [from, to] = history.range_s.map((seconds) => new Date(EPOCH_MS + 1000 * seconds));
  const found = await promisify(FUNCTIONS[name])(variable, 1000 * intervalS, from, to);
  const values = found.map((it) => [
    (it.sourceTimestamp.getTime() - EPOCH_MS) / 1000, it.value?.value ?? null, it.statusCode.value >>> 0,
  ]);
  return { history: history.name, function: name, interval_s: intervalS, values };
}

async function main() {
  const [from, to] = process.argv.slice(2);
  const space = AddressSpace.create();
  await generateAddressSpace(space, [nodesets.standard]);
  space.registerNamespace("urn:histories");
  aggregates.addAggregateSupport(space);
  const lines = [];
  for (const history of JSON.parse(readFileSync(from, "utf8"))) {
    const variable = historize(space, history);
    for (const intervalS of history.intervals_s) {
      for (const name of Object.keys(FUNCTIONS)) {
        lines.push(JSON.stringify(await calculate(variable, history, name, intervalS)));
      }
    }
  }
  writeFileSync(to, `[\n${lines.join(",\n")}\n]\n`);
  space.dispose();
}

main();
