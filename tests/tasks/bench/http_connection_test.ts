import assert from "node:assert/strict";
import { HttpConnection, parseAnswer, postRequest } from "../../../tasks/bench/http_connection.ts";

Deno.test("an answer is complete with all bytes of its body", () => {
  const answer = "HTTP/1.1 400 Bad Request\r\nContent-Length: 5\r\n\r\nerror";
  for (let length = 0; length < answer.length; length++) {
    assert.equal(parseAnswer(answer.slice(0, length)), undefined, `${length} bytes`);
  }
  assert.deepEqual(parseAnswer(answer), { status: 400, body: "error" });
});

Deno.test("a chunked answer is complete with its last chunk", () => {
  const head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
  assert.equal(parseAnswer(`${head}5\r\nerror\r\n`), undefined);
  assert.equal(parseAnswer(`${head}5\r\nerror\r\n0\r\n\r\n`)?.status, 200);
});

Deno.test("a connection sends one request after the other", async () => {
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (r) => {
    const { pathname } = new URL(r.url);
    return new Response(`${pathname} ${r.headers.get("x-test")} ${await r.text()}`, {
      status: 400,
    });
  });
  const { port } = server.addr;
  using connection = await HttpConnection.open(port);
  for (const body of ["first", "a longer second"]) {
    const url = `http://127.0.0.1:${port}/token`;
    const request = postRequest({ url, headers: { "x-test": "yes" }, body });
    assert.deepEqual(await connection.send(request), { status: 400, body: `/token yes ${body}` });
  }
});
