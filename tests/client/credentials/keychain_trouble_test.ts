/** With any fault of the keychain, a command fails or uses the file within seconds. */
import assert from "node:assert/strict";
import {
  emptyBus,
  forgetfulDbus,
  monitorBus,
  secretService,
  silentDbus,
} from "../../support/secret_service.ts";
import { temporaryHome } from "../../support/temporary_home.ts";
import { runStep, type StepRun } from "./store_child.ts";

const key = { server: "https://auth.example.com", account: "alice@example.com" };
const credentials = {
  accessToken: "a.b.c",
  accessTokenExpiresAt: 1_795_000_000_000,
  scope: "openid",
  refreshToken: "bstr_1",
};

function linuxTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: Deno.build.os !== "linux", fn });
}

/** The limit is 3 s; the rest is for the process to start on a busy machine. */
function assertAboutThreeSeconds(ms: number): void {
  assert.ok(ms >= 2900 && ms < 20_000, `took ${ms} ms`);
}

function assertFileWithWarning(result: StepRun, why: RegExp): void {
  assert.equal(result.kind, "file");
  assert.match(result.warning ?? "", /^Warning: no keychain: /);
  assert.match(result.warning ?? "", why);
  assert.match(result.warning ?? "", /GNOME Keyring or KWallet/);
}

linuxTest("a working keychain is chosen, and trying it out leaves nothing behind", async () => {
  await using session = await secretService();
  const result = await runStep({ do: "choose" }, session.env);
  assert.equal(result.kind, "keychain");
  assert.equal(result.warning, undefined);
  assert.equal(result.addOnLoaded, false, "the Secret Service needs none");
  assert.deepEqual(await session.secrets(), {});
});

linuxTest("--insecure-storage does not load the add-on, though the keychain works", async () => {
  await using session = await secretService();
  const result = await runStep({ do: "choose", insecureStorage: true }, session.env);
  assert.equal(result.kind, "file");
  assert.match(result.warning ?? "", /not encrypted/);
  assert.equal(result.addOnLoaded, false);
});

linuxTest("without any D-Bus the file is chosen at once", async () => {
  await using home = await temporaryHome();
  const result = await runStep({ do: "choose" }, home.env);
  assertFileWithWarning(result, /no D-Bus session bus/);
  assert.ok(result.stepMs < 2900, `took ${result.stepMs} ms`);
});

linuxTest("with an address where no bus is, the file is chosen at once", async () => {
  await using home = await temporaryHome();
  const env = { ...home.env, DBUS_SESSION_BUS_ADDRESS: `unix:path=${home.folder}/none` };
  const result = await runStep({ do: "choose" }, env);
  assertFileWithWarning(result, /cannot be reached/);
  assert.ok(result.stepMs < 2900, `took ${result.stepMs} ms`);
});

linuxTest("on a bus without a Secret Service the file is chosen at once", async () => {
  await using home = await temporaryHome();
  await using bus = await emptyBus();
  const result = await runStep({ do: "choose" }, { ...home.env, ...bus.env });
  assertFileWithWarning(result, /no Secret Service runs/);
  assert.ok(result.stepMs < 2900, `took ${result.stepMs} ms`);
});

linuxTest("a bus that never answers costs 3 s, and this thread runs on meanwhile", async () => {
  await using home = await temporaryHome();
  await using bus = await silentDbus();
  const env = { ...home.env, ...bus.env };
  const [chosen, got] = await Promise.all([
    runStep({ do: "choose" }, env),
    runStep({ do: "get", kind: "keychain", key }, env),
  ]);
  assertFileWithWarning(chosen, /did not answer within 3 s/);
  assert.equal(got.error?.name, "CredentialStoreError");
  assert.match(got.error?.message ?? "", /did not answer within 3 s.*--insecure-storage/);
  for (const result of [chosen, got]) {
    assertAboutThreeSeconds(result.ms);
    assert.equal(result.addOnLoaded, false);
    assert.ok(result.ticks > 10, `${result.ticks} ticks`);
  }
});

linuxTest("waits 3 s for a locked keychain", async () => {
  await using session = await secretService();
  await runStep({ do: "set", kind: "keychain", key, credentials }, session.env);
  await session.lock();
  const [chosen, got] = await Promise.all([
    runStep({ do: "choose" }, session.env),
    runStep({ do: "get", kind: "keychain", key }, session.env),
  ]);
  assertFileWithWarning(chosen, /did not answer within 3 s; it may be locked/);
  assert.equal(got.error?.name, "CredentialStoreError");
  assert.match(got.error?.message ?? "", /it may be locked\. Unlock it/);
  for (const result of [chosen, got]) {
    assertAboutThreeSeconds(result.ms);
    assert.ok(result.ticks > 10, `${result.ticks} ticks`);
  }
});

linuxTest("a keychain that answers late, but within 3 s, is used", async () => {
  await using session = await secretService();
  await runStep({ do: "set", kind: "keychain", key, credentials }, session.env);
  Deno.kill(session.keyringPid, "SIGSTOP");
  const step = runStep({ do: "get", kind: "keychain", key }, session.env);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  Deno.kill(session.keyringPid, "SIGCONT");
  const result = await step;
  assert.deepEqual(result.credentials, credentials);
  assert.ok(result.ms >= 1000, `took ${result.ms} ms`);
});

Deno.test("treats an add-on that cannot be loaded as no keychain", async () => {
  // The npm package loads what this names instead of its own library.
  const env = { NAPI_RS_NATIVE_LIBRARY_PATH: "/nonexistent/none.node" };
  const result = await runStep({ do: "load add-on" }, env);
  assert.equal(result.error?.name, "KeychainUnavailable");
  assert.match(result.error?.message ?? "", /its add-on cannot be loaded/);
});

linuxTest("a bus that is silent to later connections costs nothing: there is one", async () => {
  await using session = await secretService();
  await runStep({ do: "set", kind: "keychain", key, credentials }, session.env);
  await using bus = await forgetfulDbus(session.env);
  const env = { ...session.env, ...bus.env };
  const result = await runStep({ do: "get", kind: "keychain", key }, env);
  assert.deepEqual(result.credentials, credentials);
  assert.ok(result.stepMs < 2900, `took ${result.stepMs} ms`);
});

linuxTest("a secret is encrypted on the bus", async () => {
  await using session = await secretService();
  await using monitor = await monitorBus(session.env);
  await runStep({ do: "set", kind: "keychain", key, credentials }, session.env);
  await runStep({ do: "get", kind: "keychain", key }, session.env);
  const messages = await monitor.messages(/GetSecret[^]*GetSecret/);
  assert.match(messages, /CreateItem/);
  for (const secret of [credentials.accessToken, credentials.refreshToken]) {
    const hex = new TextEncoder().encode(secret).toHex().replace(/..(?=.)/g, "$& ");
    assert.ok(!messages.includes(secret) && !messages.includes(hex), messages);
  }
});

linuxTest("each connection agrees on a key of its own", async () => {
  await using session = await secretService();
  const result = await runStep({ do: "agree often", times: 20 }, session.env);
  assert.equal(result.error, undefined);
});
