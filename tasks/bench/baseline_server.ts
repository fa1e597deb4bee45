// deno-lint-ignore-file no-console -- a task speaks to whoever runs it
/**
 * What the product is compared with: `raw` (Deno.serve), `hono` (a route that says
 * hello), `select` (one indexed SELECT through postgres.js for each request).
 */
import { createHash } from "node:crypto";
import { Hono } from "hono";
import postgres from "postgres";

const [kind, port, databaseUrl] = Deno.args;

function handlerOf(kind: string): (request: Request) => Response | Promise<Response> {
  if (kind === "raw") return () => new Response("hello");
  if (kind === "hono") return new Hono().get("/*", (c) => c.text("hello")).fetch;
  const sql = postgres(databaseUrl, { max: 10 });
  return async (request) => {
    const token = request.headers.get("authorization")!.slice("Bearer ".length);
    const hash = createHash("sha256").update(token).digest();
    const rows = await sql`
      select user_id, scope, expires_at from personal_access_tokens where token_hash = ${hash}`;
    return new Response(rows.length === 1 ? "hello" : null, { status: rows.length ? 200 : 401 });
  };
}

Deno.serve({
  hostname: "127.0.0.1",
  port: Number(port),
  onListen: () => console.log("ready"),
}, handlerOf(kind));
