// deno-lint-ignore-file no-console -- a task prints to its terminal
/**
 * What the product is compared with: `raw` (Deno.serve), `hono` (a route that says
 * hello), `select` (one indexed SELECT through postgres.js for each request, of the
 * tokens in a file, one after the other), `answer` (the answer of a file, after it has read the
 * header or the body that a token comes in).
 */
import { createHash } from "node:crypto";
import { Hono } from "hono";
import postgres from "postgres";

const [kind, port, databaseUrl, tokenFile] = Deno.args;

function handlerOf(kind: string): (request: Request) => Response | Promise<Response> {
  if (kind === "raw") return () => new Response("hello");
  if (kind === "hono") return new Hono().get("/*", (c) => c.text("hello")).fetch;
  if (kind === "answer") return answering(JSON.parse(Deno.readTextFileSync(databaseUrl)));
  const sql = postgres(databaseUrl, { max: 10 });
  const hashes = Deno.readTextFileSync(tokenFile).split("\n")
    .map((token) => createHash("sha256").update(token).digest());
  let next = 0;
  return async () => {
    const hash = hashes[next++ % hashes.length];
    const rows = await sql`select id from personal_access_tokens where token_hash = ${hash}`;
    return new Response(null, { status: rows.length === 1 ? 200 : 404 });
  };
}

/** An answer without headers and body is given without reading anything. */
function answering(
  { headers, body }: { headers: [string, string][]; body: string | null },
): (request: Request) => Response | Promise<Response> {
  if (headers.length === 0 && body === null) return () => new Response(null);
  // An object, as most programs write it: lists of pairs take Deno longer.
  const init = { headers: Object.fromEntries(headers) };
  // A response without a body can be given again, as the program does.
  const kept = new Response(null, init);
  let read: string | null = null;
  if (body === null) {
    return (request) => {
      read = request.headers.get("authorization");
      return read === null ? new Response(null, { status: 401 }) : kept;
    };
  }
  return async (request) => {
    read = request.headers.get("authorization") + await request.text();
    return new Response(body, init);
  };
}

Deno.serve({
  hostname: "127.0.0.1",
  port: Number(port),
  onListen: () => console.log("ready"),
}, handlerOf(kind));
