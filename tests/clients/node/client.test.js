// The same plant through node-opcua, an independent stack. Case ids as in the conformance list.
"use strict";

const { spawn, spawnSync } = require("node:child_process");
const { mkdtempSync, rmSync } = require("node:fs");
const { tmpdir } = require("node:os");
const path = require("node:path");
const { before, after, test } = require("node:test");
const assert = require("node:assert/strict");
const {
  AttributeIds,
  BrowseDirection,
  DataType,
  MessageSecurityMode,
  OPCUAClient,

  SecurityPolicy,
  StatusCodes,
  TimestampsToReturn,
  UserTokenType,
  Variant,
  makeBrowsePath,
} = require("node-opcua-client");
const { promoteOpaqueStructure } = require("node-opcua-client-dynamic-extension-object");
const { OPCUACertificateManager } = require("node-opcua-certificate-manager");

const PASSWORD = "correct horse battery staple";
const folder = mkdtempSync(path.join(tmpdir(), "cellhouse-node-"));
const data = path.join(folder, "data");
let server;
let url;
let client;
let session;

function clientOptions(extra = {}) {
  return {
    applicationUri: undefined,
    endpointMustExist: false,
    connectionStrategy: { maxRetry: 1, initialDelay: 100 },
    clientCertificateManager: new OPCUACertificateManager({
      rootFolder: path.join(folder, "pki"),
      automaticallyAcceptUnknownCertificate: true,
    }),
    ...extra,
  };
}

before(async () => {
  for (const [name, role] of [["olga", "Operator"], ["eng", "Engineer"]]) {
    const added = spawnSync(
      process.env.CELLHOUSE,
      ["user", "add", name, "--role", role, "--data", data],
      { input: PASSWORD + "\n" },
    );
    assert.equal(added.status, 0, String(added.stderr));
  }
  const config = process.env.CELLHOUSE_TRUSTING_SERVER;
  server = spawn(process.env.CELLHOUSE, [
    "run", "--backfill", "0", "--listen", "127.0.0.1:0", "--data", data, "--server", config,
  ]);
  url = await new Promise((resolve, reject) => {
    let text = "";
    const read = (chunk) => {
      text += chunk;
      const found = text.match(/opc\.tcp:\/\/[^\s/]+/);
      if (found) resolve(found[0]);
    };
    server.stdout.on("data", read);
    server.stderr.on("data", (chunk) => (text += chunk));
    server.on("exit", () => reject(new Error("the server did not start:\n" + text)));
  });
  client = OPCUAClient.create(clientOptions());
  await client.connect(url);
  session = await client.createSession();
});

after(async () => {
  await session?.close();
  await client?.disconnect();
  const ended = new Promise((resolve) => server.on("exit", resolve));
  server.kill("SIGTERM");
  assert.equal(await ended, 0);
  rmSync(folder, { recursive: true, force: true });
});

const TEMPERATURE = "ns=2;s=Line1.EL101.Bath.Temperature";

test("viw_01 the plant is found below Objects", async () => {
  const result = await session.browse("ObjectsFolder");
  const names = result.references.map((it) => it.browseName.toString());
  assert.ok(names.includes("Server"));
  assert.ok(names.includes("2:Plant"));
});

test("viw_12 browse one reference at a time gives every reference once", async () => {
  const whole = await session.browse({ nodeId: "ns=2;s=Line1.EL101", browseDirection: BrowseDirection.Both, resultMask: 63 });
  const single = OPCUAClient.create(clientOptions({ requestedMaxReferencesPerNode: 1 }));
  await single.connect(url);
  const other = await single.createSession();
  let result = await other.browse({ nodeId: "ns=2;s=Line1.EL101", browseDirection: BrowseDirection.Both, resultMask: 63 });
  const found = [...result.references];
  while (result.continuationPoint) {
    result = await other.browseNext(result.continuationPoint, false);
    found.push(...result.references);
  }
  await other.close();
  await single.disconnect();
  assert.deepEqual(found.map(String), whole.references.map(String));
});

test("rd_01 value, unit and range are read", async () => {
  const value = await session.read({ nodeId: TEMPERATURE, attributeId: AttributeIds.Value });
  assert.equal(value.statusCode, StatusCodes.Good);
  assert.equal(value.value.dataType, DataType.Double);
  const unit = await session.read({ nodeId: TEMPERATURE + ".EngineeringUnits" });
  assert.equal(unit.value.value.unitId, 4408652);
  const range = await session.read({ nodeId: TEMPERATURE + ".EURange" });
  assert.equal(range.value.value.high, 1150);
});

test("viw_19 a path is translated", async () => {
  const path_ = makeBrowsePath("ObjectsFolder", "/2:Plant/2:Line1/2:EL101/3:Bath/3:Temperature");
  const result = await session.translateBrowsePath(path_);
  assert.equal(result.targets[0].targetId.toString(), TEMPERATURE);
});

test("wr_06 writing without the right is refused", async () => {
  const status = await session.write({
    nodeId: "ns=2;s=Line1.EL101.Control.CurrentSetpoint",
    attributeId: AttributeIds.Value,
    value: { value: new Variant({ dataType: DataType.Double, value: 9.9 }) },
  });
  assert.equal(status, StatusCodes.BadUserAccessDenied);
});

for (const policy of ["Basic256Sha256", "Aes128_Sha256_RsaOaep", "Aes256_Sha256_RsaPss"]) {
  for (const mode of ["Sign", "SignAndEncrypt"]) {
    test(`sc_01 ${policy} ${mode}: an operator writes a setpoint and reads it back`, async () => {
      const secure = OPCUAClient.create(
        clientOptions({ securityMode: MessageSecurityMode[mode], securityPolicy: SecurityPolicy[policy] }),
      );
      await secure.connect(url);
      const operator = await secure.createSession({
        type: UserTokenType.UserName, userName: "olga", password: PASSWORD,
      });
      const nodeId = "ns=2;s=Line1.EL104.Control.CurrentSetpoint";
      const before_ = (await operator.read({ nodeId })).value.value;
      const wanted = before_ === 9.9 ? 9.95 : 9.9;
      const status = await operator.write({
        nodeId, attributeId: AttributeIds.Value,
        value: { value: new Variant({ dataType: DataType.Double, value: wanted }) },
      });
      assert.equal(status, StatusCodes.Good);
      assert.equal((await operator.read({ nodeId })).value.value, wanted);
      await operator.close();
      await secure.disconnect();
    });
  }
}

test("mon_01 sub_17 a subscription reports each scan in order", async () => {
  const subscription = await session.createSubscription2({
    requestedPublishingInterval: 500, requestedLifetimeCount: 100, requestedMaxKeepAliveCount: 10,
    maxNotificationsPerPublish: 1000, publishingEnabled: true, priority: 1,
  });
  const item = await subscription.monitor(
    { nodeId: "ns=2;s=Line1.EL101.Electrical.CellVoltage", attributeId: AttributeIds.Value },
    { samplingInterval: 1000, queueSize: 10, discardOldest: true },
    TimestampsToReturn.Both,
  );
  const times = [];
  await new Promise((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error("not four values within 15 s")), 15_000);
    item.on("changed", (value) => {
      times.push(value.sourceTimestamp.getTime());
      if (times.length === 4) {
        clearTimeout(limit);
        resolve();
      }
    });
  });
  await subscription.terminate();
  for (let i = 1; i < times.length; i++) {
    assert.ok(Math.abs(times[i] - times[i - 1] - 1000) < 300, `${times}`);
  }
});

test("ct_02 wr_16 a structure is read by its definition, changed and written back", async () => {
  const secure = OPCUAClient.create(
    clientOptions({ securityMode: MessageSecurityMode.SignAndEncrypt, securityPolicy: SecurityPolicy.Basic256Sha256 }),
  );
  await secure.connect(url);
  const engineer = await secure.createSession({
    type: UserTokenType.UserName, userName: "eng", password: PASSWORD,
  });
  const nodeId = "ns=2;s=Line1.EL103.Control.FeedRecipe";
  const read = async () => {
    const value = await engineer.read({ nodeId });
    await promoteOpaqueStructure(engineer, [value]);
    return value.value.value;
  };
  const recipe = await read();
  assert.equal(recipe.constructor.name, "FeedRecipeDataType");
  const factor = await engineer.read({ nodeId: "ns=2;s=Line1.EL103.Control.OverfeedFactor" });
  assert.equal(recipe.overfeedFactor, factor.value.value);
  const write = (overfeedFactor) => {
    recipe.overfeedFactor = overfeedFactor;
    return engineer.write({
      nodeId, attributeId: AttributeIds.Value,
      value: { value: new Variant({ dataType: DataType.ExtensionObject, value: recipe }) },
    });
  };
  assert.equal(await write(1.45), StatusCodes.Good);
  assert.equal((await read()).overfeedFactor, 1.45);
  assert.equal(await write(99), StatusCodes.BadOutOfRange);
  assert.equal((await read()).overfeedFactor, 1.45);
  assert.equal(await write(factor.value.value), StatusCodes.Good);
  await engineer.close();
  await secure.disconnect();
});

test("mth_02 a missing argument is refused", async () => {
  const result = await session.call({
    objectId: "ns=2;s=Line1.EL101", methodId: "ns=2;s=Line1.EL101.Hold", inputArguments: [],
  });
  assert.ok([StatusCodes.BadArgumentsMissing, StatusCodes.BadUserAccessDenied].includes(result.statusCode));
});
