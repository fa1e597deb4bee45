/**
 * Other products that validate tokens, on Node, which they are written for. They are installed into
 * a temporary folder, since only the benchmark needs them.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../../tests/support/free_port.ts";
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

/** By folder. */
const installed = new Map<string, Promise<void>>();

/** Starts a script of `peers/` in `folder`; installs the packages first. */
export async function startPeer(
  file: string,
  folder: string,
  ...args: string[]
): Promise<Program> {
  if (!installed.has(folder)) installed.set(folder, install(folder));
  await installed.get(folder);
  const source = fileURLToPath(new URL("peers", import.meta.url));
  for await (const { name } of Deno.readDir(source)) {
    await Deno.copyFile(join(source, name), join(folder, name));
  }
  const port = freePort();
  return await startProgram("node", {
    args: [file, String(port), ...args],
    cwd: folder,
    port,
    ready: /ready (\S+)/,
  });
}

/** Throws npm's message if that fails. */
async function install(folder: string): Promise<void> {
  await Deno.writeTextFile(join(folder, "package.json"), '{"private":true}');
  const npm = await new Deno.Command("npm", {
    args: ["install", "--legacy-peer-deps", "--no-fund", "--no-audit", ...PACKAGES],
    cwd: folder,
    stdin: "null",
  }).output();
  if (!npm.success) throw new Error(new TextDecoder().decode(npm.stderr));
}

/** Installs and starts the peers in `folder`; throws npm's message if that fails. */
export async function startPeers(folder: string, databaseUrl: string): Promise<Peers> {
  return {
    oidcProvider: await startPeer("oidc_provider.mjs", folder),
    betterAuth: await startPeer("better_auth.mjs", folder, databaseUrl),
  };
}
