/**
 * `auth pnpm`: prints the value of Authorization for a registry, as pnpm's `tokenHelper` does
 * (https://pnpm.io/npmrc). The helper gets no arguments from pnpm, so that `auth install pnpm`
 * writes a script for each registry.
 */
import { EXIT } from "../../../shared/exit_codes.ts";
import { credentialFor, hostNotListed } from "../../helpers/credential.ts";
import type { ClientIo } from "../../io.ts";

export async function authPnpm(registry: string, io: ClientIo): Promise<number> {
  const credential = await credentialFor(registry, io);
  if (credential === undefined) throw hostNotListed(registry);
  io.stdout(`Bearer ${credential.token}\n`);
  return EXIT.ok;
}
