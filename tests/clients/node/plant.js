// A Cellhouse server of one's own, people who log in to it, and an event list on it.
"use strict";

const { spawn, spawnSync } = require("node:child_process");
const { mkdtempSync, rmSync } = require("node:fs");
const { tmpdir } = require("node:os");
const path = require("node:path");
const {
  AttributeIds, DataType, MessageSecurityMode, OPCUAClient, SecurityPolicy, TimestampsToReturn, UserTokenType, Variant,
  callConditionRefresh, constructEventFilter,
} = require("node-opcua-client");
const { OPCUACertificateManager } = require("node-opcua-certificate-manager");

const PASSWORD = "correct horse battery staple";

class Plant {
  constructor(extra = []) {
    this.folder = mkdtempSync(path.join(tmpdir(), "cellhouse-node-"));
    this.data = path.join(this.folder, "data");
    this.extra = extra;
    this.clients = [];
  }

  addUser(name, role) {
    const added = spawnSync(
      process.env.CELLHOUSE, ["user", "add", name, "--role", role, "--data", this.data], { input: PASSWORD + "\n" },
    );
    if (added.status !== 0) throw new Error(String(added.stderr));
  }

  async start() {
    this.process = spawn(process.env.CELLHOUSE, [
      "run", "--backfill", "0", "--listen", "127.0.0.1:0", "--data", this.data, "--server", process.env.CELLHOUSE_TRUSTING_SERVER,
      ...this.extra,
    ]);
    this.url = await new Promise((resolve, reject) => {
      let text = "";
      this.process.stdout.on("data", (chunk) => {
        text += chunk;
        const found = text.match(/opc\.tcp:\/\/[^\s/]+/);
        if (found) resolve(found[0]);
      });
      this.process.stderr.on("data", (chunk) => (text += chunk));
      this.process.on("exit", () => reject(new Error("the server did not start:\n" + text)));
    });
  }

  /** Ends the process by a signal: its exit code, null if it was killed. */
  async end(signal) {
    const ended = new Promise((resolve) => this.process.on("exit", resolve));
    this.process.kill(signal);
    return ended;
  }

  /** A session of a person, or an anonymous one. */
  async connect(userName) {
    const client = OPCUAClient.create({
      endpointMustExist: false,
      connectionStrategy: { maxRetry: 1, initialDelay: 100 },
      securityMode: MessageSecurityMode.SignAndEncrypt,
      securityPolicy: SecurityPolicy.Basic256Sha256,
      clientCertificateManager: new OPCUACertificateManager({
        rootFolder: path.join(this.folder, "pki"), automaticallyAcceptUnknownCertificate: true,
      }),
    });
    await client.connect(this.url);
    this.clients.push(client);
    return client.createSession(userName && { type: UserTokenType.UserName, userName, password: PASSWORD });
  }

  async disconnect() {
    for (const client of this.clients.splice(0)) await client.disconnect();
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Waits until `check()` gives something true, and gives it back. */
async function eventually(check, what, limitMs = 10_000) {
  const end = Date.now() + limitMs;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (Date.now() > end) throw new Error(`not within ${limitMs / 1000} s: ${typeof what === "function" ? what() : what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** What clients see of an event: each field by its path, as the value of its Variant. */
class EventList {
  constructor(session, fields) {
    this.session = session;
    this.fields = fields;
    this.events = [];
  }

  async start(nodeId) {
    this.subscription = await this.session.createSubscription2({
      requestedPublishingInterval: 50, requestedLifetimeCount: 6000, requestedMaxKeepAliveCount: 20,
      maxNotificationsPerPublish: 1000, publishingEnabled: true, priority: 1,
    });
    this.item = await this.subscription.monitor(
      { nodeId, attributeId: AttributeIds.EventNotifier },
      { samplingInterval: 0, queueSize: 10_000, discardOldest: true, filter: constructEventFilter(this.fields) },
      TimestampsToReturn.Both,
    );
    this.item.on("changed", (values) => {
      const event = Object.fromEntries(this.fields.map((name, index) => [name, values[index].value]));
      event.types = Object.fromEntries(this.fields.map((name, index) => [name, values[index].dataType]));
      this.events.push(event);
    });
    return this;
  }

  /** The newest event of a condition for which `fits` holds; waits for it. */
  async last(name, fits = () => true, limitMs = 10_000) {
    const of = () => this.events.filter((it) => it.ConditionName === name);
    const found = () => of().filter(fits).at(-1);
    const told = () => `${name} ${fits}; heard ${of().slice(-4).map((it) => it.Message?.text).join("; ")}`;
    return eventually(found, told, limitMs);
  }

  /** Asks for a refresh and waits for its end: the events between, in order. */
  async refresh() {
    const kind = (it) => it.EventType.toString();
    const ends = () => this.events.filter((it) => kind(it) === REFRESH_END).length;
    const before = ends();
    const status = await callConditionRefresh(this.session, this.subscription.subscriptionId);
    if (status.isNotGood()) throw new Error(status.toString());
    await eventually(() => ends() > before, "the end of the refresh");
    const start = this.events.findLastIndex((it) => kind(it) === REFRESH_START);
    const end = this.events.findLastIndex((it) => kind(it) === REFRESH_END);
    return this.events.slice(start + 1, end);
  }
}
const REFRESH_START = "ns=0;i=2787";
const REFRESH_END = "ns=0;i=2788";

/** The status code that a call of a method is answered with. */
async function call(session, objectId, methodId, ...inputArguments) {
  const result = await session.call({ objectId, methodId, inputArguments });
  return result.statusCode;
}

function write(session, nodeId, value) {
  const dataType = typeof value === "boolean" ? DataType.Boolean : DataType.Double;
  return session.write({ nodeId, attributeId: AttributeIds.Value, value: { value: new Variant({ dataType, value }) } });
}

module.exports = { EventList, Plant, call, eventually, write };
