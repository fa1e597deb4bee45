/**
 * better-auth on PostgreSQL, its rate limits off: one verification of an API key for each request
 * outside of its own paths.
 */
import { createServer } from "node:http";
import { argv, stdout } from "node:process";
import { apiKey } from "@better-auth/api-key";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";
import { deviceAuthorization } from "better-auth/plugins";
import pg from "pg";

const [port, databaseUrl] = argv.slice(2);
const database = new pg.Pool({ connectionString: databaseUrl, max: 10 });
const auth = betterAuth({
  baseURL: `http://127.0.0.1:${port}`,
  secret: "a secret for the benchmark alone, long enough",
  database,
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  plugins: [
    apiKey({ rateLimit: { enabled: false } }),
    deviceAuthorization({ verificationUri: "/device" }),
  ],
  telemetry: { enabled: false },
});
const { runMigrations } = await getMigrations(auth.options);
await runMigrations();
const { user } = await auth.api.signUpEmail({
  body: { name: "Bench", email: "bench@example.test", password: "a calm and long pass phrase" },
});
const { key } = await auth.api.createApiKey({ body: { userId: user.id, name: "bench" } });
const handle = toNodeHandler(auth);
createServer(async (request, response) => {
  if (request.url.startsWith("/api/auth/")) return await handle(request, response);
  const presented = request.headers.authorization.slice("Bearer ".length);
  const { valid } = await auth.api.verifyApiKey({ body: { key: presented } });
  response.writeHead(valid ? 200 : 401).end();
}).listen(Number(port), "127.0.0.1", () => stdout.write(`ready ${key}\n`));
