/**
 * Invariant: no Host header, target or HTTP version routes a request to another path than the one
 * that was checked; on raw connections to the compiled program, and through HAProxy with an
 * action that asks `/auth/verify` and passes the caller's Host on.
 */
import assert from "node:assert/strict";
import { connect as connectHttp2 } from "node:http2";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { start } from "../support/binary.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free_port.ts";
import { rawRequest } from "../support/raw_http.ts";
import { startServer } from "../support/server_process.ts";
import { temporaryHome } from "../support/temporary_home.ts";

const certificate = (file: string) =>
  fileURLToPath(new URL(`../support/certificate/${file}`, import.meta.url));

/** Hosts that would make a URL of another path, and some that are merely malformed. */
const INVALID_HOSTS = [
  "a/healthz?x=",
  "a/healthz#",
  "a/admin/trust?x=",
  "127.0.0.1/healthz?",
  "a?",
  "a b",
  "a, b",
  "user@a",
  "a\\healthz?",
  "a%2fhealthz?",
  "[::1/healthz?",
  "a:80:80",
  "\xff\xfe",
  "",
];

Deno.test("returns 400 for a Host that is not host[:port], for two of them and for none", async (t) => {
  await using home = await temporaryHome();
  await using server = await startServer({ dataDir: join(home.folder, "data") });
  const { port } = server;
  const status = async (text: string) => (await rawRequest({ port }, text)).status;
  const close = "Connection: close\n\n";

  for (const version of ["1.1", "1.0"]) {
    for (const host of INVALID_HOSTS) {
      await t.step(`HTTP/${version}, Host: ${JSON.stringify(host)}`, async () => {
        for (const path of ["/auth/verify/x", "/auth/verify", "/healthz", "/"]) {
          const head = `GET ${path} HTTP/${version}\nHost: ${host}\n${close}`;
          assert.equal(await status(head), 400, path);
        }
        const form = "Content-Type: application/x-www-form-urlencoded\nContent-Length: 7\n";
        const post =
          `POST /oauth/introspect HTTP/${version}\nHost: ${host}\n${form}${close}token=x`;
        assert.equal(await status(post), 400, "introspection");
      });
    }
    await t.step(`HTTP/${version} without Host`, async () => {
      assert.equal(await status(`GET /healthz HTTP/${version}\n${close}`), 400);
      assert.equal(await status(`GET http://a/healthz HTTP/${version}\n${close}`), 400);
    });
    await t.step(`HTTP/${version} with two Hosts`, async () => {
      for (const second of ["b", "a", "a/healthz?x="]) {
        const head = `GET /healthz HTTP/${version}\nHost: a\nX: y\nhost: ${second}\n${close}`;
        assert.equal(await status(head), 400, second);
      }
    });
    await t.step(`HTTP/${version} with one valid Host`, async () => {
      for (const host of ["a", "a:1", "[::1]:80", `127.0.0.1:${port}`]) {
        const ask = (path: string) =>
          status(`GET ${path} HTTP/${version}\nHost: ${host}\n${close}`);
        assert.equal(await ask("/healthz"), 200, host);
        assert.equal(await ask("/auth/verify/healthz"), 401, host);
      }
    });
  }
  await t.step(
    "an absolute-form target counts by its path, with a valid Host as well",
    async () => {
      const ask = (target: string, host = "a") =>
        status(`GET ${target} HTTP/1.1\nHost: ${host}\n${close}`);
      assert.equal(await ask("http://a/healthz"), 200);
      assert.equal(await ask("http://a/auth/verify/healthz"), 401);
      assert.equal(await ask("http://b/auth/verify?x=/healthz"), 400);
      assert.equal(await ask("http://a/healthz", "a/healthz?x="), 400);
      assert.equal(await ask("http://a/healthz", ""), 400);
      assert.equal(await ask("http://user@a/healthz"), 400);
      assert.equal(await ask("http://a,b/healthz"), 400);
      assert.equal(await ask("ftp://a/healthz"), 400);
      assert.equal(await ask("healthz"), 400);
      assert.equal(await ask("a:80"), 400);
      // Deno 2.7 makes it the path "/" with a query, 2.9 leaves it as it is.
      const { body } = await rawRequest(
        { port },
        `GET http://a?x=/healthz HTTP/1.1\nHost: a\n${close}`,
      );
      assert.doesNotMatch(body, /"status":"ok"/);
    },
  );
  await t.step("rejects CONNECT", async () => {
    const { head } = await rawRequest(
      { port },
      `CONNECT a:80 HTTP/1.1\nHost: a:80\n${close}`,
    );
    assert.doesNotMatch(head, /^HTTP\/1\.1 2/);
  });
});

Deno.test("applies the same rule to the authority of HTTP/2 over TLS", async () => {
  await using home = await temporaryHome();
  const issuer = `https://127.0.0.1:${freePort()}`;
  // In a checkout it is world-readable.
  const key = join(home.folder, "key.pem");
  await Deno.copyFile(certificate("key.pem"), key);
  await Deno.chmod(key, 0o600);
  await using server = await startServer({
    dataDir: join(home.folder, "data"),
    port: Number(new URL(issuer).port),
    args: [
      ...["--issuer", issuer],
      ...["--tls-cert", certificate("cert.pem"), "--tls-key", key],
    ],
  });
  const status = (headers: Record<string, string>) =>
    new Promise<number>((resolve, reject) => {
      const session = connectHttp2(issuer, { rejectUnauthorized: false });
      session.on("error", reject);
      const stream = session.request({ ":path": "/auth/verify/x", ...headers });
      stream.on("response", (answer) => {
        session.destroy();
        resolve(Number(answer[":status"]));
      });
      stream.on("error", () => resolve(0));
      stream.end();
    });
  const authority = new URL(issuer).host;
  assert.equal(await status({ ":authority": authority }), 401);
  assert.equal(await status({ ":authority": authority, ":path": "/healthz" }), 200);
  // Those that are not an authority at all end with the stream: 0.
  for (const invalid of ["user@a", "a,b", "a/healthz?x="]) {
    assert.ok([0, 400].includes(await status({ ":authority": invalid })), invalid);
  }
  assert.equal(await status({ ":authority": authority, host: "a/healthz?x=" }), 400);

  const connect = (target: { port: number; hostname: string }) =>
    Deno.connectTls({ ...target, unsafelyDisableHostnameVerification: true, caCerts });
  const caCerts = [await Deno.readTextFile(certificate("cert.pem"))];
  const { status: raw } = await rawRequest(
    server,
    "GET /auth/verify/x HTTP/1.1\nHost: a/healthz?x=\nConnection: close\n\n",
    connect,
  );
  assert.equal(raw, 400);
});

/** Asks as haproxy-auth-request does: with the caller's headers, Host among them. */
const VERIFY_ACTION = `
core.register_action("verify", { "http-req" }, function(txn, port)
  local headers = {}
  for name, values in pairs(txn.http:req_get_headers()) do
    headers[name] = {}
    for index, value in pairs(values) do headers[name][index + 1] = value end
  end
  local answer = core.httpclient():get{
    url = "http://127.0.0.1:" .. port .. "/auth/verify" .. txn.sf:path(),
    headers = headers,
  }
  txn:set_var("txn.allowed", answer ~= nil and answer.status == 200)
end, 1)
`;

Deno.test({
  name: "HAProxy that forwards Host lets no request in without a token",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using home = await temporaryHome();
    await using server = await startServer({ dataDir: join(home.folder, "data") });
    let reached = 0;
    await using service = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      () => new Response(`reached ${++reached}`),
    );
    const port = freePort();
    const [action, config] = ["verify.lua", "haproxy.cfg"].map((name) => join(home.folder, name));
    await Deno.writeTextFile(action, VERIFY_ACTION);
    await Deno.writeTextFile(
      config,
      `global
  lua-load ${action}
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend front
  bind 127.0.0.1:${port}
  http-request lua.verify ${server.port}
  http-request deny deny_status 401 unless { var(txn.allowed) -m bool }
  default_backend back
backend back
  server service 127.0.0.1:${service.addr.port}
`,
    );
    await using proxy = start(["-db", "-f", config], {}, "/usr/sbin/haproxy");
    const ask = (host: string) =>
      rawRequest({ port }, `GET /x HTTP/1.1\nHost: ${host}\nConnection: close\n\n`);
    await eventually("HAProxy listens", async () => {
      const answer = await ask("a").catch(() => undefined);
      assert.ok(!/\[ALERT\]/.test(proxy.stderr()), proxy.stderr());
      return answer?.status === 401;
    });
    for (const host of INVALID_HOSTS) {
      const { status, head } = await ask(host);
      assert.ok([400, 401].includes(status), `${JSON.stringify(host)}: ${head}`);
    }
    assert.equal(reached, 0);
  },
});
