/** Limits of a download, against a server on this machine. */
import assert from "node:assert/strict";
import { ClientError, type ErrorCode } from "../../../client/errors.ts";
import { download } from "../../../client/upgrade/download.ts";
import { memoryIo } from "../../support/fake_client_io.ts";

const LIMITS = { maxBytes: 1000, timeoutMs: 60_000, stallMs: 60_000 };

type Handler = (request: Request) => Response | Promise<Response>;

async function fetched(handler: Handler, limits: Partial<typeof LIMITS> = {}) {
  const controller = new AbortController();
  const { signal } = controller;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {}, signal }, handler);
  try {
    const url = `http://127.0.0.1:${server.addr.port}/file`;
    return await download(url, { ...LIMITS, ...limits }, memoryIo());
  } finally {
    // A graceful stop would wait for responses that never end.
    controller.abort();
  }
}

function failsWith(code: ErrorCode) {
  return (error: unknown) => error instanceof ClientError && error.code === code;
}

/** Sends `first`, and nothing more. */
function unfinished(first: Uint8Array<ArrayBuffer>): Response {
  return new Response(new ReadableStream({ start: (controller) => controller.enqueue(first) }));
}

Deno.test("returns the file, and undefined if there is none", async () => {
  const text = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes);
  assert.equal(text(await fetched(() => new Response("content"))), "content");
  assert.equal(await fetched(() => new Response("", { status: 404 })), undefined);
});

Deno.test("sends the name of the program, and nothing about its user", async () => {
  let headers: Headers | undefined;
  await fetched((request) => {
    headers = request.headers;
    return new Response("");
  });
  const sent = [...headers ?? []].map(([name]) => name)
    .filter((name) => !["accept", "accept-encoding", "accept-language", "host"].includes(name));
  assert.deepEqual(sent, ["user-agent"]);
  assert.doesNotMatch(headers?.get("user-agent") ?? "", /\d|linux|darwin|windows/i);
});

Deno.test("follows redirects, but not without end", async () => {
  const content = await fetched((request) =>
    request.url.endsWith("/file")
      ? new Response(null, { status: 302, headers: { location: "/elsewhere" } })
      : new Response("moved")
  );
  assert.equal(content?.length, 5);
  const again = () => new Response(null, { status: 302, headers: { location: "/file" } });
  await assert.rejects(fetched(again), failsWith("invalid_response"));
});

Deno.test("never follows a redirect to http elsewhere, or to a file", async () => {
  for (const location of ["http://mirror.example.com/file", "file:///etc/passwd", "http://["]) {
    const redirect = () => new Response(null, { status: 302, headers: { location } });
    await assert.rejects(fetched(redirect), failsWith("insecure_transport"), location);
  }
});

Deno.test("never follows a redirect from https to http, even on this machine", async () => {
  const io = memoryIo({
    fetch: () =>
      Promise.resolve(
        new Response(null, { status: 302, headers: { location: "http://127.0.0.1/file" } }),
      ),
  });
  await assert.rejects(
    download("https://mirror.example.com/file", LIMITS, io),
    failsWith("insecure_transport"),
  );
});

Deno.test("stops at a file that is too large", async () => {
  await assert.rejects(
    fetched(() => new Response(new Uint8Array(1001))),
    failsWith("invalid_response"),
  );
  assert.equal((await fetched(() => new Response(new Uint8Array(1000))))?.length, 1000);
});

Deno.test("stops if nothing arrives for a while, or if all of it takes too long", async () => {
  const hanging = () => unfinished(new Uint8Array(1));
  await assert.rejects(fetched(hanging, { stallMs: 50 }), failsWith("network_error"));
  await assert.rejects(fetched(hanging, { timeoutMs: 50 }), failsWith("network_error"));
  const silent = () => new Promise<Response>(() => {});
  await assert.rejects(fetched(silent, { stallMs: 50 }), failsWith("network_error"));
});

Deno.test("says which statuses are worth another try", async () => {
  for (const status of [429, 500, 503]) {
    await assert.rejects(
      fetched(() => new Response("", { status })),
      failsWith("server_unavailable"),
    );
  }
  await assert.rejects(
    fetched(() => new Response("", { status: 403 })),
    failsWith("request_rejected"),
  );
});
