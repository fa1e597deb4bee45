/**
 * The server's own requests reach only the hosts that they may reach, over connections to the
 * addresses that were checked, and no response exceeds its limits of time and memory.
 */
import assert from "node:assert/strict";
import { DomainError } from "../../../server/domain_error.ts";
import { JwksCache } from "../../../server/federation/jwks_cache.ts";
import {
  machineNetwork,
  type OutboundNetwork,
  type OutboundRequest,
} from "../../../server/outbound/network.ts";
import {
  OutboundError,
  type OutboundFailure,
  OutboundHttp,
} from "../../../server/outbound/outbound_http.ts";
import { sendRequest } from "../../../server/outbound/send_request.ts";
import { proxyFor } from "../../../server/outbound/proxy.ts";
import { startIssuer } from "../../support/oidc_issuer.ts";
import { manualClock } from "../../support/manual_clock.ts";

const REQUEST: OutboundRequest = {
  accept: "application/json",
  timeoutMs: 5_000,
  maxBytes: 1024,
  allowPrivate: false,
};
const PRIVATE = { ...REQUEST, allowPrivate: true };

const file = (name: string) =>
  Deno.readTextFile(new URL(`../../support/certificate/${name}.pem`, import.meta.url));

async function fails(promise: Promise<unknown>, failure: OutboundFailure, why?: string) {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof OutboundError, String(error));
    assert.equal(error.failure, failure, `${why}: ${error.message}`);
    return true;
  });
}

/** A network that records where it would connect to, and answers 200. */
function recordingNetwork(answers: Record<string, string[][]>, env = {}) {
  const resolved: string[] = [];
  const sent: string[] = [];
  const network: OutboundNetwork = {
    env,
    resolve(name) {
      resolved.push(name);
      const [addresses] = answers[name]?.splice(0, 1) ?? [];
      return addresses ? Promise.resolve(addresses) : Promise.reject(new Error("no such name"));
    },
    send(url, _request, route) {
      const to = "proxy" in route ? route.proxy.href : route.address;
      sent.push(`${url.href} by ${to}`);
      return Promise.resolve({ status: 200, headers: new Headers(), body: new Uint8Array() });
    },
  };
  return { http: new OutboundHttp(network), resolved, sent };
}

Deno.test("resolves a name once, and connects to the address that was checked", async () => {
  // The second look-up of a name that rebinds would give a private address.
  const { http, resolved, sent } = recordingNetwork({
    "rebinding.example": [["93.184.215.14"], ["127.0.0.1"], ["169.254.169.254"]],
  });
  const { status } = await http.request("https://rebinding.example/x", REQUEST);
  assert.equal(status, 200);
  assert.deepEqual(resolved, ["rebinding.example"]);
  assert.deepEqual(sent, ["https://rebinding.example/x by 93.184.215.14"]);
});

Deno.test("rejects a name if one of its addresses is private", async () => {
  for (
    const addresses of [
      ["93.184.215.14", "10.0.0.1"],
      ["10.0.0.1", "93.184.215.14"],
      ["2606:4700:4700::1111", "93.184.215.14", "::ffff:127.0.0.1"],
      ["127.0.0.1"],
      ["fe80::1%eth0"],
    ]
  ) {
    const { http, sent } = recordingNetwork({ "mixed.example": [addresses] });
    await fails(http.request("https://mixed.example/", REQUEST), "private_address", addresses[0]);
    assert.deepEqual(sent, []);
  }
});

Deno.test("sends only https beyond this machine, and needs a setting for private addresses", async () => {
  const { http, resolved, sent } = recordingNetwork({ "a.example": [["10.0.0.1"], ["10.0.0.1"]] });
  for (
    const url of [
      "http://1.1.1.1/",
      "http://127.0.0.1/",
      "ftp://1.1.1.1/",
      "file:///etc/passwd",
      "data:,x",
      "nonsense",
      "",
    ]
  ) {
    await fails(http.request(url, REQUEST), "forbidden", url);
  }
  for (const url of ["http://10.0.0.1/", "http://a.example/", "http://169.254.169.254/"]) {
    await fails(http.request(url, PRIVATE), "forbidden", url);
  }
  for (
    const host of [
      "127.0.0.1",
      "2130706433",
      "0x7f.1",
      "0177.0.0.1",
      "169.254.169.254",
      "[::1]",
      "[::ffff:10.0.0.1]",
      "[64:ff9b::a00:1]",
      "[2002:7f00:1::]",
      "[2001::1]",
      "[fd00::1]",
    ]
  ) {
    await fails(http.request(`https://${host}/`, REQUEST), "private_address", host);
  }
  assert.deepEqual([resolved, sent], [[], []]);
  await fails(http.request("https://a.example/", REQUEST), "private_address");
  await http.request("https://a.example/", PRIVATE);
  assert.deepEqual(sent, ["https://a.example/ by 10.0.0.1"]);
});

Deno.test("requires a certificate for the name, not for the address", async () => {
  const cert = await file("cert");
  const asked: string[] = [];
  await using server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    cert,
    key: await file("key"),
    onListen() {},
  }, (request) => {
    asked.push(`${request.headers.get("host")} ${request.headers.get("accept")}`);
    return Response.json({ url: request.url });
  });
  const { port } = server.addr;
  const http = (caCerts?: string[]) =>
    new OutboundHttp({
      env: {},
      // The first address refuses connections: the second is tried.
      resolve: () => Promise.resolve(["127.0.0.2", "127.0.0.1"]),
      send: (url, request, route, limits) => sendRequest(url, request, route, limits, caCerts),
    });
  const answer = await http([cert]).request(`https://localhost:${port}/x?y=1`, PRIVATE);
  assert.equal(answer.status, 200);
  assert.equal(
    JSON.parse(new TextDecoder().decode(answer.body)).url,
    `https://localhost:${port}/x?y=1`,
  );
  assert.deepEqual(asked.splice(0), [`localhost:${port} application/json`]);
  await fails(http([cert]).request(`https://other.example:${port}/`, PRIVATE), "unreachable");
  await fails(http().request(`https://localhost:${port}/`, PRIVATE), "unreachable");
  assert.deepEqual(asked, []);
});

/** Answers each connection with these bytes, and closes it unless `hang`. */
function rawServer(pieces: string[], hang = false) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open: Deno.Conn[] = [];
  const serving = (async () => {
    for await (const conn of listener) {
      open.push(conn);
      await conn.read(new Uint8Array(4096));
      try {
        for (const piece of pieces) await conn.write(new TextEncoder().encode(piece));
      } catch {
        // The client has enough.
      }
      if (!hang) conn.close();
    }
  })();
  return {
    url: `http://127.0.0.1:${(listener.addr as Deno.NetAddr).port}/`,
    async [Symbol.asyncDispose]() {
      listener.close();
      if (hang) { for (const conn of open) conn.close(); }
      await serving;
    },
  };
}

const OK = "HTTP/1.1 200 OK\r\n";

Deno.test("reads responses by HTTP's rules, however they arrive", async () => {
  const http = new OutboundHttp(machineNetwork({}));
  const cases: [name: string, pieces: string[], body: string][] = [
    ["with a length", [`${OK}Content-Length: 5\r\n\r\nhello, and more`], "hello"],
    ["in pieces", ["HTTP/1.1 20", "0 OK\r", "\nContent-Length: 5\r\n\r", "\nhel", "lo"], "hello"],
    [
      "in chunks",
      [`${OK}Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n`, "2;x=y\r\nlo\r", "\n0\r\n\r\n"],
      "hello",
    ],
    ["until it is closed", [`${OK}\r\n`, "hello"], "hello"],
    ["by HTTP/1.0", ["HTTP/1.0 200 OK\r\n\r\nhello"], "hello"],
    [
      "after an interim one",
      ["HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", `${OK}\r\nhello`],
      "hello",
    ],
  ];
  for (const [name, pieces, body] of cases) {
    await using server = rawServer(pieces);
    const answer = await http.request(server.url, PRIVATE);
    assert.equal(answer.status, 200, name);
    assert.equal(new TextDecoder().decode(answer.body), body, name);
  }
});

Deno.test("rejects a response that breaks HTTP's rules or a limit", async () => {
  const http = new OutboundHttp(machineNetwork({}));
  const cases: [name: string, pieces: string[], failure: OutboundFailure][] = [
    ["nothing", [], "unreachable"],
    ["other protocols", ["SSH-2.0-OpenSSH_9.6\r\n\r\n"], "unreachable"],
    ["broken off in its head", [OK], "unreachable"],
    ["broken off in its body", [`${OK}Content-Length: 50\r\n\r\nhello`], "unreachable"],
    ["broken off in a chunk", [`${OK}Transfer-Encoding: chunked\r\n\r\n9\r\nh`], "unreachable"],
    ["no last chunk", [`${OK}Transfer-Encoding: chunked\r\n\r\n1\r\nh\r\n`], "unreachable"],
    ["chunks of no size", [`${OK}Transfer-Encoding: chunked\r\n\r\nxyz\r\nh`], "unreachable"],
    ["two lengths", [`${OK}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!`], "unreachable"],
    ["a negative length", [`${OK}Content-Length: -1\r\n\r\n`], "unreachable"],
    ["gzip", [`${OK}Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nxx`], "unreachable"],
    ["a header without a name", [`${OK}: x\r\n\r\n`], "unreachable"],
    ["a length beyond the bound", [`${OK}Content-Length: 1025\r\n\r\n`], "too_large"],
    ["an enormous length", [`${OK}Content-Length: 999999999999\r\n\r\n`], "too_large"],
    ["a body beyond it", [`${OK}\r\n`, "x".repeat(1025)], "too_large"],
    [
      "chunks beyond it",
      [`${OK}Transfer-Encoding: chunked\r\n\r\n`, ...Array(5).fill(`ff\r\n${"x".repeat(255)}\r\n`)],
      "too_large",
    ],
    ["one chunk beyond it", [`${OK}Transfer-Encoding: chunked\r\n\r\nffffffff\r\n`], "too_large"],
    ["a head without end", [OK, ...Array(64).fill(`x: ${"x".repeat(1020)}\r\n`)], "too_large"],
    ["a line without end", [OK, "x".repeat(64 * 1024)], "too_large"],
    ["interim answers without end", Array(4096).fill("HTTP/1.1 100 Go on\r\n\r\n"), "too_large"],
  ];
  for (const [name, pieces, failure] of cases) {
    await using server = rawServer(pieces);
    await fails(http.request(server.url, PRIVATE), failure, name);
  }
});

Deno.test("times out if a response does not arrive completely", async () => {
  const http = new OutboundHttp(machineNetwork({}));
  for (const pieces of [[], [OK], [`${OK}Content-Length: 9\r\n\r\n`]]) {
    await using server = rawServer(pieces, true);
    await fails(http.request(server.url, { ...PRIVATE, timeoutMs: 100 }), "timeout");
  }
  const slow = new OutboundHttp({ ...machineNetwork({}), resolve: () => new Promise(() => {}) });
  await fails(slow.request("https://slow.example/", { ...REQUEST, timeoutMs: 50 }), "timeout");
});

Deno.test("returns a redirect and does not follow it", async () => {
  const asked: string[] = [];
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    asked.push(new URL(request.url).pathname);
    return new Response(null, { status: 302, headers: { location: "/elsewhere" } });
  });
  const http = new OutboundHttp(machineNetwork({}));
  const { status } = await http.request(`http://127.0.0.1:${server.addr.port}/x`, PRIVATE);
  assert.equal(status, 302);
  assert.deepEqual(asked, ["/x"]);
});

Deno.test("uses the proxy of the environment, and never for this machine", async () => {
  const env = { HTTPS_PROXY: "http://proxy.example:3128", NO_PROXY: "corp.example, 10.0.0.0/8" };
  const proxy = (url: string, more: Record<string, string> = {}) =>
    proxyFor(new URL(url), { ...env, ...more })?.href;
  assert.equal(proxy("https://issuer.example/"), "http://proxy.example:3128/");
  assert.equal(proxy("https://corp.example/"), undefined);
  assert.equal(proxy("https://a.corp.example/"), undefined);
  assert.equal(proxy("https://acorp.example/"), "http://proxy.example:3128/");
  assert.equal(proxy("https://10.1.2.3/"), undefined);
  assert.equal(proxy("https://issuer.example/", { NO_PROXY: "*" }), undefined);
  assert.equal(proxyFor(new URL("https://a.example"), { all_proxy: "p:1" })?.href, "http://p:1/");
  for (const proxy of ["http://u:p%zz@p:1", "socks5://p:1", "https://p:1", "http://", "a b"]) {
    assert.throws(() => proxyFor(new URL("https://a.example"), { HTTPS_PROXY: proxy }), TypeError);
  }

  const { http, resolved, sent } = recordingNetwork({ localhost: [["127.0.0.1"]] }, env);
  await http.request("https://issuer.example/", REQUEST);
  await http.request("https://localhost/", PRIVATE);
  await fails(http.request("https://127.0.0.1/", REQUEST), "private_address");
  await fails(http.request("https://192.168.0.1/", REQUEST), "private_address");
  assert.deepEqual(resolved, ["localhost"]);
  assert.deepEqual(sent, [
    "https://issuer.example/ by http://proxy.example:3128/",
    "https://localhost/ by 127.0.0.1",
  ]);
});

Deno.test("has TLS end to end through a proxy", async () => {
  const cert = await file("cert");
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, cert, key: await file("key"), onListen() {} },
    () => new Response("hello"),
  );
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const heads: string[] = [];
  const serving = (async () => {
    for await (const conn of listener) {
      const buffer = new Uint8Array(4096);
      heads.push(new TextDecoder().decode(buffer.subarray(0, await conn.read(buffer) ?? 0)));
      if (heads.length > 1) {
        await conn.write(new TextEncoder().encode("HTTP/1.1 407 No\r\n\r\n"));
        conn.close();
        continue;
      }
      const upstream = await Deno.connect({ hostname: "127.0.0.1", port: server.addr.port });
      await conn.write(new TextEncoder().encode("HTTP/1.1 200 Connected\r\n\r\n"));
      void conn.readable.pipeTo(upstream.writable).catch(() => {});
      void upstream.readable.pipeTo(conn.writable).catch(() => {});
    }
  })();
  const { port } = listener.addr as Deno.NetAddr;
  const route = { proxy: new URL(`http://me:p%40ss@127.0.0.1:${port}`) };
  const limits = { signal: new AbortController().signal, connectTimeoutMs: 5_000 };
  const url = new URL("https://localhost/x");
  const answer = await sendRequest(url, REQUEST, route, limits, [cert]);
  assert.equal(new TextDecoder().decode(answer.body), "hello");
  assert.equal(
    heads[0],
    "CONNECT localhost:443 HTTP/1.1\r\nHost: localhost:443\r\n" +
      `Proxy-Authorization: Basic ${btoa("me:p@ss")}\r\n\r\n`,
  );
  await assert.rejects(sendRequest(url, REQUEST, route, limits, [cert]), /407/);
  const socks = { proxy: new URL("socks5://127.0.0.1:1") };
  await assert.rejects(sendRequest(url, REQUEST, socks, limits), /socks5/);
  listener.close();
  await serving;
});

Deno.test("sends an unavailable issuer one request for many tokens", async () => {
  await using issuer = await startIssuer();
  const clock = manualClock();
  const keys = new JwksCache(clock, new OutboundHttp(machineNetwork({})), true);
  const discoveries = () =>
    issuer.requests.filter((request) => request.endsWith("configuration")).length;
  const never = () => false;
  const fails = async () => {
    assert.ok(await keys.keySet(issuer.url, never) instanceof DomainError);
  };
  const ask = async (times: number) => {
    for (let i = 0; i < times; i++) await fails();
    await Promise.all(Array.from({ length: times }, fails));
  };
  issuer.answer("/.well-known/openid-configuration", () => new Response(null, { status: 503 }));
  await ask(20);
  assert.equal(discoveries(), 1);
  clock.advance({ seconds: 11 });
  await ask(20);
  assert.equal(discoveries(), 2);

  // Once it has recovered, keys that are known stay good through its next trouble.
  issuer.recover();
  clock.advance({ seconds: 11 });
  await keys.keySet(issuer.url, () => true);
  assert.equal(discoveries(), 3);
  issuer.answer("/.well-known/openid-configuration", () => new Response(null, { status: 503 }));
  clock.advance({ minutes: 11 });
  for (let i = 0; i < 20; i++) await keys.keySet(issuer.url, () => true);
  assert.equal(discoveries(), 4);
  await ask(20);
  assert.equal(discoveries(), 4);
});

Deno.test("accepts the media types that issuers use", async () => {
  const accepted: string[] = [];
  const url = "https://cluster.example";
  // Kubernetes' API server answers 406 where its own type is not accepted.
  const document = (path: string) =>
    path === "/jwks"
      ? { type: "application/jwk-set+json", body: { keys: [] } }
      : { type: "application/json", body: { issuer: url, jwks_uri: `${url}/jwks` } };
  const keys = new JwksCache(
    manualClock(),
    new OutboundHttp({
      env: {},
      resolve: () => Promise.resolve(["93.184.215.14"]),
      send({ pathname }, { accept }) {
        accepted.push(accept);
        const { type, body } = document(pathname);
        const types = accept.split(",").map((type) => type.split(";")[0].trim());
        const bytes = new TextEncoder().encode(JSON.stringify(body));
        const status = types.includes(type) ? 200 : 406;
        return Promise.resolve({ status, headers: new Headers(), body: bytes });
      },
    }),
    false,
  );
  assert.deepEqual(await keys.keySet(url, () => true), { keys: [] });
  assert.equal(accepted.length, 2);
});

Deno.test("sends every request of the server through the guarded client", async () => {
  const past: string[] = [];
  const walk = async (folder: URL): Promise<void> => {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      if (isDirectory) await walk(new URL(`${name}/`, folder));
      else if (/\.tsx?$/.test(name)) {
        const text = await Deno.readTextFile(new URL(name, folder));
        if (/(?<![.#\w])fetch\(|globalThis\.fetch|new WebSocket|new EventSource/.test(text)) {
          past.push(name);
        }
      }
    }
  };
  await walk(new URL("../../../server/", import.meta.url));
  // The type of a method of the application, which takes requests.
  assert.deepEqual(past, ["app.ts"]);
});
