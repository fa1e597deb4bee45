/** better-auth on PostgreSQL, with its plugins for API keys and device logins. */
import { join } from "node:path";
import { type Contender } from "../contender.ts";
import { startPeer } from "../peers.ts";

const CLIENT_ID = "bench";
const JSON_BODY = { "content-type": "application/json" };

export async function startBetterAuth(databaseUrl: string, folder: string): Promise<Contender> {
  const server = await startPeer("better_auth.mjs", folder, databaseUrl);
  const origin = `http://127.0.0.1:${server.port}`;
  const to = (path: string) => `${origin}/api/auth${path}`;
  const user = { email: "bench@example.test", password: "a calm and long pass phrase" };
  const signIn = async () => {
    const response = await fetch(to("/sign-in/email"), {
      method: "POST",
      headers: { ...JSON_BODY, origin },
      body: JSON.stringify(user),
      signal: AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${response.status} ${text}`);
    return response.headers.getSetCookie().map((line) => line.split(";")[0]).join("; ");
  };
  const cookie = await signIn();
  return {
    name: "better-auth",
    databaseUrl,
    startMs: server.startMs,
    pid: server.pid,
    stop: () => server.stop(),
    loads: {
      // Its own check of a key; introspection is for tokens of its OAuth plugin.
      introspection: () =>
        Promise.resolve({ url: origin, headers: { authorization: `Bearer ${server.said[1]}` } }),
      "device authorization": () =>
        Promise.resolve({
          url: to("/device/code"),
          method: "POST",
          headers: JSON_BODY,
          body: JSON.stringify({ client_id: CLIENT_ID, scope: "openid" }),
          collect: {
            pattern: '"device_code": ?"([^"]+)"',
            file: join(folder, "better-auth-device-codes"),
          },
        }),
      "pending poll": () =>
        Promise.resolve({
          url: to("/device/token"),
          method: "POST",
          headers: JSON_BODY,
          tokenFile: join(folder, "better-auth-device-codes"),
          bodyBeforeToken:
            `{"grant_type":"urn:ietf:params:oauth:grant-type:device_code","client_id":"${CLIENT_ID}",` +
            '"device_code":"',
          bodyAfterToken: '"}',
          refused: true,
        }),
      "API token creation": () =>
        Promise.resolve({
          url: to("/api-key/create"),
          method: "POST",
          headers: { ...JSON_BODY, origin, cookie },
          body: JSON.stringify({ name: "bench" }),
        }),
      "password sign-in": () =>
        Promise.resolve({ atATime: 4, run: async () => void await signIn() }),
    },
  };
}
