// Reverse connect with node-opcua as the client that listens. Case ids as in the conformance list.
"use strict";

const { spawn } = require("node:child_process");
const { mkdtempSync, readFileSync, rmSync, writeFileSync } = require("node:fs");
const { createServer } = require("node:net");
const { tmpdir } = require("node:os");
const path = require("node:path");
const { after, before, test } = require("node:test");
const assert = require("node:assert/strict");
const {
  ClientReverseConnect,
  MessageSecurityMode,
  OPCUAClient,
  SecurityPolicy,
} = require("node-opcua-client");
const { OPCUACertificateManager } = require("node-opcua-certificate-manager");

const folder = mkdtempSync(path.join(tmpdir(), "cellhouse-reverse-"));
const data = path.join(folder, "data");
const STATE = "i=2259";
let listener;
let server;
let url;

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

function client(extra = {}) {
  return OPCUAClient.create({
    endpointMustExist: false,
    connectionStrategy: { maxRetry: 1, initialDelay: 100 },
    clientCertificateManager: new OPCUACertificateManager({
      rootFolder: path.join(folder, "pki"),
      automaticallyAcceptUnknownCertificate: true,
    }),
    ...extra,
  });
}

before(async () => {
  const port = await freePort();
  const config = path.join(folder, "server.toml");
  writeFileSync(config, `
trust_unknown_clients = true
[[reverse_connect]]
url = "opc.tcp://127.0.0.1:${port}"
retry_s = [0.1, 0.5]
`);
  listener = new ClientReverseConnect({ connectionUrl: `opc.tcp://127.0.0.1:${port}` });
  await listener.start();
  server = spawn(process.env.CELLHOUSE, [
    "run", "--backfill", "0", "--listen", "127.0.0.1:0", "--data", data, "--server", config,
  ]);
  url = await new Promise((resolve, reject) => {
    let text = "";
    server.stdout.on("data", (chunk) => {
      text += chunk;
      const found = text.match(/opc\.tcp:\/\/[^\s/]+/);
      if (found) resolve(found[0]);
    });
    server.stderr.on("data", (chunk) => (text += chunk));
    server.on("exit", () => reject(new Error("the server did not start:\n" + text)));
  });
});

after(async () => {
  await listener.stop();
  const ended = new Promise((resolve) => server.on("exit", resolve));
  server.kill("SIGTERM");
  assert.equal(await ended, 0);
  rmSync(folder, { recursive: true, force: true });
});

async function readState(connected) {
  const session = await connected.createSession();
  const value = await session.read({ nodeId: STATE });
  await session.close();
  return value.value.value;
}

test("tcp_17 node-opcua waits for our ReverseHello and reads, one client after the other", async () => {
  for (let round = 0; round < 3; round += 1) {
    const waiting = client();
    await waiting.connectReverse(listener, { endpointUrl: url });
    assert.equal(await readState(waiting), 0);
    await waiting.disconnect();
  }
});

test("tcp_17 two at a time, one of them encrypted", async () => {
  const plain = client();
  await plain.connectReverse(listener, { endpointUrl: url });
  const secured = client({
    securityMode: MessageSecurityMode.SignAndEncrypt,
    securityPolicy: SecurityPolicy.Basic256Sha256,
    serverCertificate: readFileSync(path.join(data, "pki/own/certs/cellhouse.der")),
  });
  await secured.connectReverse(listener, { endpointUrl: url });
  assert.equal(await readState(secured), 0);
  assert.equal(await readState(plain), 0);
  await secured.disconnect();
  await plain.disconnect();
});
