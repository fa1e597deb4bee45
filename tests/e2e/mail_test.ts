/** Mail through a real mail server, over TLS and with a password. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { brand } from "../../shared/brand.ts";
import { run } from "../support/binary.ts";
import { logIn } from "../support/command_line_login.ts";
import { eventually } from "../support/eventually.ts";
import { ALICE, install } from "../support/installation.ts";
import { startMailServer } from "../support/mail_server.ts";
import { temporaryHome } from "../support/temporary_home.ts";

const USER = "auth@example.com";
const PASSWORD = "p@ss/word?";
const CERTIFICATE = fileURLToPath(new URL("../support/certificate/cert.pem", import.meta.url));

function settings(port: number, password: string, host = "127.0.0.1"): Record<string, string> {
  const account = [USER, password].map(encodeURIComponent).join(":");
  return {
    [`${brand.envPrefix}_SMTP_URL`]: `smtp://${account}@${host}:${port}`,
    [`${brand.envPrefix}_MAIL_FROM`]: `Example <${USER}>`,
    [`${brand.envPrefix}_CA_FILE`]: CERTIFICATE,
  };
}

Deno.test("sends mail to the owner of a leaked token, over TLS and with a password", async () => {
  await using mail = await startMailServer({ user: USER, password: PASSWORD });
  await using server = await install({ env: settings(mail.port, PASSWORD) });
  await using home = await temporaryHome();
  await logIn(server, home, { managing: [] });
  const created = await run(["pat", "create", "--name", "ci", "--scope", ""], { env: home.env });
  const token = created.stdout.trim();
  const reported = await fetch(`${server.issuer}/api/v1/revocations`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token, url: "https://paste.example/1" }),
  });
  assert.deepEqual(await reported.json(), { revoked: true });
  const [message] = await mail.messages(1);
  assert.match(message, new RegExp(`^To: ${ALICE.email}$`, "m"));
  assert.match(message, /^Subject: .*your token "ci" leaked and was revoked$/m);
  assert.ok(!message.includes(token));
  const details = await run(["pat", "show", "ci"], { env: home.env });
  assert.match(details.stdout, /https:\/\/paste\.example\/1, reported by public/);
  assert.doesNotMatch(server.server.running.stderr(), /mail_failed/);
});

Deno.test("invites a user and resets a password by mail, without a token in the log", async () => {
  await using mail = await startMailServer({ user: USER, password: PASSWORD });
  const accessLog = { [`${brand.envPrefix}_ACCESS_LOG`]: "on" };
  await using server = await install({ env: { ...settings(mail.port, PASSWORD), ...accessLog } });
  const invited = await server.operate(["admin", "user", "add", "bob@example.com", "--mail"]);
  assert.equal(invited.code, 0, invited.stderr);
  assert.equal(invited.stdout, "", "the link is only in the mail");
  const [invitation] = await mail.messages(1);
  assert.match(invitation, /^To: bob@example.com$/m);

  const cookies = new Map<string, string>();
  const browse = async (path: string, form?: Record<string, string>) => {
    const response = await fetch(new URL(path, server.issuer), {
      method: form === undefined ? "GET" : "POST",
      headers: { cookie: [...cookies].map((pair) => pair.join("=")).join("; ") },
      body: form && new URLSearchParams(form),
      redirect: "manual",
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie)!;
      cookies.set(name, value);
    }
    return { status: response.status, html: await response.text() };
  };
  const csrf = ({ html }: { html: string }) => ({
    csrf_token: /name="csrf_token" value="([^"]+)"/.exec(html)![1],
  });
  await browse("/password/forgot", {
    ...csrf(await browse("/password/forgot")),
    email: ALICE.email,
  });
  const messages = await mail.messages(2);
  const reset = messages.find((message) => message.includes(`To: ${ALICE.email}`))!;
  const password = `${ALICE.password}, a new one`;
  for (const message of [invitation, reset]) {
    const [url, token] = /http\S+token=([\w-]{43})/.exec(message)!;
    const page = await browse(url);
    assert.equal(page.status, 200);
    const fields = { ...csrf(page), token, password, repeated_password: password };
    assert.equal((await browse("/password/choose", fields)).status, 303);
    assert.equal((await browse(url)).status, 410);
    assert.ok(!server.server.running.stderr().includes(token));
  }
  assert.match(server.server.running.stderr(), /path=\/password\/choose /);
  assert.equal((await mail.messages(3)).length, 3, "Alice's password replaced another one");
});

Deno.test("logs a rejected mail login at start, without the password", async () => {
  await using mail = await startMailServer({ user: USER, password: PASSWORD });
  await using server = await install({ env: settings(mail.port, "not the password"), empty: true });
  const { running } = server.server;
  await eventually("the log reports it", () => /mail_failed/.test(running.stderr()));
  assert.match(running.stderr(), /warn mail_failed .*535/);
  assert.ok(!running.stderr().includes("not the password"));
});

Deno.test("sends no password to another machine without TLS", async () => {
  await using mail = await startMailServer();
  // 0.0.0.0 leads to this machine, and yet is not known to.
  const env = settings(mail.port, PASSWORD, "0.0.0.0");
  await using server = await install({ env, empty: true });
  const { running } = server.server;
  await eventually("the log reports it", () => /mail_failed/.test(running.stderr()));
  assert.match(running.stderr(), /warn mail_failed .*STARTTLS/);
});
