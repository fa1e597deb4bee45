/** The webhook as its receiver sees it, with the library of Standard Webhooks. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { Webhook as Receiver, WebhookVerificationError } from "standardwebhooks";
import { loadConfig } from "../../../server/config/load.ts";
import { machineNetwork } from "../../../server/outbound/network.ts";
import { OutboundHttp } from "../../../server/outbound/outbound_http.ts";
import { Webhook } from "../../../server/notifications/webhook.ts";
import { brand } from "../../../shared/brand.ts";
import { systemClock } from "../../../shared/clock.ts";
import { NO_TERMINAL } from "../../support/no_terminal.ts";

interface Delivery {
  headers: Record<string, string>;
  body: string;
}

/** What a receiver gets from a webhook with this secret. */
async function delivered(secret: string | undefined): Promise<Delivery> {
  const { promise, resolve } = Promise.withResolvers<Delivery>();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      resolve({ headers: Object.fromEntries(request.headers), body: await request.text() });
      return new Response(null, { status: 204 });
    },
  );
  const http = new OutboundHttp(machineNetwork({}));
  const url = `http://127.0.0.1:${server.addr.port}/`;
  const webhook = new Webhook({ url, secret }, systemClock, () => {}, http, false);
  webhook.send({ type: "token.leaked", data: { name: "Zoë 日本" } });
  const delivery = await promise;
  await webhook.close();
  await server.shutdown();
  return delivery;
}

Deno.test("the library of Standard Webhooks verifies a delivery signed with a whsec_ secret", async () => {
  for (const length of [24, 32, 64]) {
    const secret = `whsec_${randomBytes(length).toString("base64")}`;
    const { body, headers } = await delivered(secret);
    const event = new Receiver(secret).verify(body, headers) as Record<string, unknown>;
    assert.equal(event.type, "token.leaked");
    assert.deepEqual(event.data, { name: "Zoë 日本" });
  }
});

Deno.test("the library of Standard Webhooks verifies a delivery signed with a raw secret", async () => {
  const secret = "a secret without a prefix, as it stands";
  const { body, headers } = await delivered(secret);
  new Receiver(secret, { format: "raw" }).verify(body, headers);
});

Deno.test("signs body, id and time with the secret", async () => {
  const secret = `whsec_${randomBytes(32).toString("base64")}`;
  const { body, headers } = await delivered(secret);
  const refused = (changes: Record<string, string>, text = body, key = secret) =>
    assert.throws(
      () => new Receiver(key).verify(text, { ...headers, ...changes }),
      WebhookVerificationError,
    );
  refused({}, `${body} `);
  refused({ "webhook-id": "msg_other" });
  refused({ "webhook-timestamp": String(Number(headers["webhook-timestamp"]) + 1) });
  refused({}, body, `whsec_${randomBytes(32).toString("base64")}`);
  assert.equal((await delivered(undefined)).headers["webhook-signature"], undefined);
});

Deno.test("rejects a whsec_ secret that a receiver could not decode, without printing it", async () => {
  const base64 = randomBytes(32).toString("base64");
  const cases: [secret: string, isFine: boolean][] = [
    [`whsec_${base64}`, true],
    ["text as it stands", true],
    ["whsec_", false],
    ["whsec_not base64 at all, though long enough", false],
    [`whsec_${base64.replace("=", "")}`, false],
    [`whsec_${base64}=`, false],
    [`whsec_ ${base64}`, false],
    [`whsec_${"-_".repeat(16)}`, false],
    [`whsec_${randomBytes(23).toString("base64")}`, false],
    [`whsec_${randomBytes(65).toString("base64")}`, false],
  ];
  for (const [secret, isFine] of cases) {
    const { problems } = await loadConfig({ webhookUrl: "https://hooks.example" }, {
      stdout: () => true,
      stderr: () => {},
      readStdin: () => Promise.resolve(""),
      ...NO_TERMINAL,
      env: { [`${brand.envPrefix}_WEBHOOK_SECRET`]: secret },
      signal: new AbortController().signal,
      clock: systemClock,
      platform: { os: "linux", homedir: "/nonexistent" },
    });
    assert.equal(problems.length === 0, isFine, secret);
    assert.ok(problems.every((problem) => problem.subject === "webhook_secret"), secret);
    assert.ok(
      problems.every((problem) => !problem.message.includes(secret.slice(6) || "?")),
      secret,
    );
  }
});

Deno.test("accepts only a successful response", async () => {
  for (
    const [status, delivered] of [[200, true], [204, true], [302, false], [404, false], [
      500,
      false,
    ]] as const
  ) {
    const logged: string[] = [];
    const http = {
      request: () => Promise.resolve({ status, headers: new Headers(), body: new Uint8Array() }),
    } as unknown as OutboundHttp;
    const webhook = new Webhook(
      { url: "https://hooks.example/", secret: "secret" },
      systemClock,
      (_level, event) => logged.push(event),
      http,
      false,
    );
    webhook.send({ type: "token.leaked", data: {} });
    await webhook.close();
    assert.deepEqual(logged, delivered ? [] : ["webhook_failed"], String(status));
  }
});
