// deno-lint-ignore-file no-console -- a task prints to its terminal
/**
 * What the product is compared with: `raw` (Deno.serve), `hono` (a route that says
 * hello), `select` (one indexed SELECT through postgres.js for each request, of the
 * tokens in a file, one after the other).
 */
import { createHash } from "node:crypto";
import { Hono } from "hono";
import postgres from "postgres";

const [kind, port, databaseUrl, tokenFile] = Deno.args;

function handlerOf(kind: string): (request: Request) => Response | Promise<Response> {
  if (kind === "raw") return () => new Response("hello");
  if (kind === "hono") return new Hono().get("/*", (c) => c.text("hello")).fetch;
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

Deno.serve({
  hostname: "127.0.0.1",
  port: Number(port),
  onListen: () => console.log("ready"),
}, handlerOf(kind));
