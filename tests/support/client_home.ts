/** A ClientIo with a folder of its own, and a quick way to be logged in there. */
import { strict as assert } from "node:assert";
import { login } from "../../client/commands/login.ts";
import { brand } from "../../shared/brand.ts";
import { type MemoryIo, memoryIo } from "./fake_client_io.ts";
import { deviceAuthorization, pending, type Scripted, ScriptedServer } from "./scripted_server.ts";

export interface ClientHome extends AsyncDisposable {
  io: MemoryIo;
  folder: string;
}

export async function clientHome(changes: Partial<MemoryIo> = {}): Promise<ClientHome> {
  const folder = await Deno.makeTempDir();
  const io = memoryIo(changes);
  io.env[`${brand.envPrefix}_CONFIG_DIR`] = folder;
  return {
    io,
    folder,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** A JWT with these claims and no signature to speak of: the client does not check its own tokens. */
export function jwt(claims: Record<string, unknown>): string {
  const part = (value: unknown) =>
    btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(value))))
      .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return `${part({ alg: "none" })}.${part(claims)}.c2ln`;
}

/** A token response for a person; `access` distinguishes tokens. */
export function tokensFor(
  server: ScriptedServer,
  email: string,
  access: string,
  change: Record<string, unknown> = {},
): Scripted {
  return {
    json: {
      access_token: access,
      refresh_token: `refresh-of-${access}`,
      token_type: "Bearer",
      expires_in: 900,
      scope: "openid profile email offline_access",
      id_token: jwt({
        iss: server.issuer,
        aud: brand.cliClientId,
        sub: `sub-${email}`,
        name: email.split("@")[0],
        email,
      }),
      ...change,
    },
  };
}

/** Goes through `login` as it would at the server, approved at the second poll. */
export async function logIn(
  io: MemoryIo,
  server: ScriptedServer,
  email = "alice@example.com",
  access = `access-of-${email}`,
  change: Record<string, unknown> = {},
): Promise<void> {
  server.script("/oauth/device/authorize", { json: deviceAuthorization(server.issuer) });
  server.script("/oauth/token", pending, tokensFor(server, email, access, change));
  const options = { server: server.issuer, scope: ["offline_access"], browser: false };
  assert.equal(await login({ ...options, insecureStorage: true }, io), 0);
  io.err = "";
  io.sleeps.length = 0;
  server.asked.length = 0;
}
