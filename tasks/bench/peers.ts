/**
 * Other products that validate tokens, on Node, which they are written for. They are installed into
 * a temporary folder, since only the benchmark needs them.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../../tests/support/free_port.ts";
import { AUTHENTICATED, type Contender, deviceLoads } from "./contender.ts";
import { type Program, startProgram } from "./program.ts";

const PACKAGES = [
  "oidc-provider@9.13.3",
  "better-auth@1.7.5",
  "@better-auth/api-key@1.7.5",
  // The versions that better-auth's packages need; npm does not resolve them.
  "@better-auth/utils@0.4.2",
  "better-call@1.4.0",
  "pg@8",
];

export interface Peers {
  oidcProvider: Program;
  betterAuth: Program;
}

/** The operations of oidc-provider; better-auth's only one here is checked with the tokens. */
export function oidcProviderContender({ oidcProvider }: Peers, folder: string): Contender {
  const to = (path: string) => `http://127.0.0.1:${oidcProvider.port}${path}`;
  return {
    name: "oidc-provider",
    loads: {
      introspection: () =>
        Promise.resolve({
          url: to("/token/introspection"),
          method: "POST",
          headers: AUTHENTICATED,
          body: `token=${oidcProvider.said[1]}`,
        }),
      ...deviceLoads({
        authorizationUrl: to("/device/auth"),
        tokenUrl: to("/token"),
        clientId: "bench-device",
        file: join(folder, "oidc-provider-device-codes"),
      }),
    },
    stop: () => oidcProvider.stop(),
  };
}

/** Installs and starts the peers in `folder`; throws npm's message if that fails. */
export async function startPeers(folder: string, databaseUrl: string): Promise<Peers> {
  await Deno.writeTextFile(join(folder, "package.json"), '{"private":true}');
  const npm = await new Deno.Command("npm", {
    args: ["install", "--legacy-peer-deps", "--no-fund", "--no-audit", ...PACKAGES],
    cwd: folder,
    stdin: "null",
  }).output();
  if (!npm.success) throw new Error(new TextDecoder().decode(npm.stderr));
  const start = async (file: string) => {
    const source = fileURLToPath(new URL(`peers/${file}`, import.meta.url));
    await Deno.copyFile(source, join(folder, file));
    const port = freePort();
    const args = [file, String(port), databaseUrl];
    return await startProgram("node", { args, cwd: folder, port, ready: /ready (\S+)/ });
  };
  return {
    oidcProvider: await start("oidc_provider.mjs"),
    betterAuth: await start("better_auth.mjs"),
  };
}
