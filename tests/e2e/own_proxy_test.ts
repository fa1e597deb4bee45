/**
 * The server behind nginx and Caddy as docs/operations.md configures them: its URL is the proxy's,
 * and no caller can choose the address that it is counted and recorded with.
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { documentedExample } from "../support/documented_example.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free_port.ts";
import { install } from "../support/installation.ts";
import { startCaddy, startNginx } from "../support/reverse_proxy.ts";

const CALLER = "127.0.0.2";
const PAGE = "docs/operations.md";
const certificate = (name: string) =>
  fileURLToPath(new URL(`../support/certificate/${name}.pem`, import.meta.url));

const PROXIES = {
  nginx: {
    language: "nginx",
    start: startNginx,
    address: (port: number) => `https://127.0.0.1:${port}`,
    localize: (text: string, port: number) =>
      text.replace("listen 443 ssl", `listen 127.0.0.1:${port} ssl`)
        .replace("server_name auth.example.com", "server_name 127.0.0.1")
        .replace("/etc/ssl/auth.example.com.pem", certificate("valid"))
        .replace("/etc/ssl/auth.example.com.key", certificate("key")),
  },
  Caddy: {
    language: "caddyfile",
    start: startCaddy,
    // Caddy would request a certificate for the name from a public authority.
    address: (port: number) => `http://127.0.0.1:${port}`,
    localize: (text: string, port: number) =>
      text.replace(/^auth\.example\.com/m, `http://127.0.0.1:${port}`),
  },
};

for (const [name, { language, start, address, localize }] of Object.entries(PROXIES)) {
  Deno.test({
    name: `behind ${name}, the server has the proxy's URL and the caller's address`,
    ignore: Deno.build.os !== "linux",
    async fn() {
      const port = freePort();
      const issuer = address(port);
      await using server = await install({
        args: ["--issuer", issuer, "--trusted-proxies", "127.0.0.1"],
      });
      const folder = await Deno.makeTempDir({ prefix: "proxy-" });
      await using _folder = {
        [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
      };
      const example = localize(await documentedExample(PAGE, language), port)
        .replace("127.0.0.1:8787", `127.0.0.1:${server.server.port}`);
      await using _proxy = await start(folder, () => example);
      const caCerts = [await Deno.readTextFile(certificate("authority"))];
      // Another address than the proxy's.
      using client = Deno.createHttpClient({ caCerts, localAddress: CALLER });
      const request = (path: string, init: RequestInit = {}) =>
        fetch(issuer + path, { ...init, client, redirect: "manual" });
      const metadata = await eventually(
        "the proxy listens",
        () =>
          request("/.well-known/openid-configuration").then(
            (response) => response.json(),
            () => undefined,
          ),
      );
      assert.equal(metadata.token_endpoint, `${issuer}/oauth/token`);

      const denied = await request("/oauth/introspect", {
        method: "POST",
        headers: {
          "x-forwarded-for": "203.0.113.5",
          authorization: `Basic ${btoa("nobody:wrong")}`,
        },
        body: new URLSearchParams({ token: "x" }),
      });
      await denied.body?.cancel();
      assert.equal(denied.status, 401);
      const filter = ["--event", "introspection.refused"];
      const { stdout } = await server.operate(["admin", "audit", ...filter, "--json"]);
      const events = stdout.trim().split("\n").map((line) => JSON.parse(line));
      assert.deepEqual(events.map(({ address }) => address), [CALLER]);
    },
  });
}
