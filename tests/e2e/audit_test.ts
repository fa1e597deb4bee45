/** The audit log of the compiled program: searched, exported, read over REST and streamed. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { join } from "node:path";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { approveManagement } from "../support/approver.ts";
import { readFromRoot } from "../support/documentation.ts";
import { eventually } from "../support/eventually.ts";
import { ALICE, install } from "../support/installation.ts";
import { parseOutput } from "../support/output_schema.ts";
import { visitor } from "../support/page_visitor.ts";
import { temporaryHome } from "../support/temporary_home.ts";

const KEY = "c2lnbnMgdGhlIHN0cmVhbSBvZiBhdWRpdCBldmVudHM=";
const SECRET = `whsec_${KEY}`;

interface Line {
  id: string;
  event: string;
}

function lines<T = Line>(text: string): T[] {
  return text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

/** Accepts what is signed as Standard Webhooks say, unless `isDown`. */
function receiver() {
  const received = { lines: [] as Line[], isDown: false, unsigned: 0 };
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => {
      const body = await request.text();
      const header = (name: string) => request.headers.get(`webhook-${name}`) ?? "";
      const signature = createHmac("sha256", Uint8Array.from(atob(KEY), (c) => c.charCodeAt(0)))
        .update(`${header("id")}.${header("timestamp")}.${body}`).digest("base64");
      if (!header("signature").split(" ").includes(`v1,${signature}`)) received.unsigned++;
      if (received.isDown) return new Response(null, { status: 503 });
      received.lines.push(...lines(body));
      return new Response(null, { status: 204 });
    },
  );
  return Object.assign(received, {
    url: `http://127.0.0.1:${server.addr.port}/audit`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  });
}

Deno.test("the audit log is searched, exported and streamed through a kill", async (test) => {
  await using home = await temporaryHome();
  await using webhook = receiver();
  const file = join(home.folder, "audit.jsonl");
  await using server = await install({
    env: {
      [`${brand.envPrefix}_AUDIT_STREAM`]: `${webhook.url}, file:${file}`,
      [`${brand.envPrefix}_AUDIT_STREAM_SECRET`]: SECRET,
    },
  });
  const { issuer, alice } = server;
  const search = async (...args: string[]) => {
    const { code, stdout, stderr } = await server.operate(["admin", "audit", "--json", ...args]);
    assert.equal(code, EXIT.ok, stderr);
    for (const line of stdout.split("\n").filter(Boolean)) parseOutput("admin-audit", line);
    return lines(stdout);
  };
  const addUser = (email: string) => server.addUser({ ...ALICE, email });
  const received = (event: string) => webhook.lines.filter((line) => line.event === event).length;

  await test.step("delivers what was recorded before and after a kill, none lost", async () => {
    await addUser("bob@example.com");
    await eventually(
      "the webhook has the event",
      () => Promise.resolve(received("user.created") >= 1),
    );
    // Recorded, but not accepted when the server is killed; and recorded while none runs.
    webhook.isDown = true;
    await addUser("carol@example.com");
    await server.kill();
    await addUser("dave@example.com");
    webhook.isDown = false;
    await server.restart();
    const recorded = (await search("--event", "user.created", "--since", "1h")).map(({ id }) => id);
    const delivered = () => new Set(webhook.lines.map(({ id }) => id));
    await eventually(
      "the webhook has all events",
      () => Promise.resolve(recorded.slice(1).every((id) => delivered().has(id))),
    );
    assert.equal(webhook.unsigned, 0);
    // At least once: only what was in flight at the kill may come again.
    assert.ok(received("user.created") <= 2 * recorded.length);
    await eventually("the file has all events", async () => {
      const ids = new Set(lines(await Deno.readTextFile(file)).map(({ id }) => id));
      return recorded.slice(1).every((id) => ids.has(id));
    });
  });

  await test.step("writes a file that the program of the documentation verifies", async () => {
    const [, program] = /```python\n(.*?)```/s.exec(await readFromRoot("docs/audit.md"))!;
    await Deno.writeTextFile(join(home.folder, "verify.py"), program);
    await Deno.writeTextFile(join(home.folder, "secret"), `${SECRET}\n`);
    const verify = async (name: string) => {
      const args = ["verify.py", "secret", name];
      const { code } = await new Deno.Command("python3", { args, cwd: home.folder }).output();
      return code;
    };
    const text = await Deno.readTextFile(file);
    await Deno.writeTextFile(join(home.folder, "copy.jsonl"), text);
    assert.equal(await verify("copy.jsonl"), 0);
    await Deno.writeTextFile(join(home.folder, "forged.jsonl"), text.replace("operator", "nobody"));
    assert.equal(await verify("forged.jsonl"), 1);
  });

  await test.step("has the same events in the browser, in the export and over REST", async () => {
    const request = (path: string, init?: RequestInit) => fetch(`${issuer}${path}`, init);
    const browser = visitor({ request });
    await browser.get("/signin");
    const signIn = { email: ALICE.email, password: ALICE.password };
    const signedIn = await browser.submit("/signin", signIn, { origin: issuer });
    assert.equal(signedIn.status, 303, signedIn.text);
    const query = "event=user.*&since=1h";
    const expected = (await search("--event", "user.*", "--since", "1h")).reverse();
    assert.ok(expected.length >= 3);
    const page = await browser.get(`/admin/audit?${query}`);
    assert.equal(page.page, "audit", page.text + page.location);
    const pageIds = [...page.html.matchAll(/ data-event="([^"]*)"/g)].map(([, id]) => id);
    assert.deepEqual(pageIds, expected.map(({ id }) => id));
    const jsonl = await browser.get(`/admin/audit/export?${query}`);
    assert.deepEqual(lines(jsonl.html), expected);
    const csv = await browser.get(`/admin/audit/export?${query}&format=csv`);
    assert.equal(csv.headers.get("content-type"), "text/csv; charset=utf-8");
    assert.equal(csv.html.trimEnd().split("\r\n").length, 1 + expected.length);
    assert.equal((await search("--event", "audit.exported")).length, 2);

    const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const forward = { headers: { cookie }, redirect: "manual" } as const;
    const [missing] = await Promise.all([fetch(`${issuer}/admin/audit/export`)]);
    assert.equal((await missing.text()).includes(ALICE.email), false);
    const statuses = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const response = await fetch(`${issuer}/admin/audit/export`, forward);
        await response.text();
        return response.status;
      }),
    );
    assert.ok(statuses.every((status) => status === 200 || status === 503), statuses.join());
    assert.equal((await browser.get(`/admin/audit/export?${query}`)).status, 200);

    const token = await approveManagement(issuer, alice, []);
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`${issuer}/api/v1/audit-events?${query}`, { headers });
    const { events } = await response.json();
    assert.deepEqual(events.map(({ id }: Line) => id), expected.map(({ id }) => id));
    assert.equal((await search("--event", "audit.read")).length, 1);
  });
});
