/**
 * `auth keyring`: what pip, uv, twine and others call of the Python package `keyring`. Requests
 * for other hosts go to the next `keyring` on PATH, so that this one can stand before it.
 */
import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { ClientError } from "../../errors.ts";
import { credentialOf } from "../../helpers/credential.ts";
import { readHelpers } from "../../helpers/helper_store.ts";
import { findHost, parseRequestedHost } from "../../helpers/host_list.ts";
import { nextProgram } from "../../helpers/program_path.ts";
import type { ClientIo } from "../../io.ts";

export async function authKeyring(args: readonly string[], io: ClientIo): Promise<number> {
  const { operation, service, user, wantsUser } = parse(args);
  const { hosts } = await readHelpers(io);
  const entry = service === undefined ? undefined : findHost(hosts, parseRequestedHost(service));
  if (entry === undefined) return await delegate(args, io);
  if (operation !== "get") {
    throw new ClientError(
      "unsupported",
      `${brand.binaryName} stores its own logins: passwords for ${entry.host} cannot be changed.`,
    );
  }
  const credential = await credentialOf(entry, io);
  io.stdout(
    wantsUser ? `${user ?? credential.user}\n${credential.token}\n` : `${credential.token}\n`,
  );
  return EXIT.ok;
}

/** `get SERVICE USER`, or `get SERVICE` with `--mode creds`, which prints the user as well. */
function parse(args: readonly string[]) {
  const positional: string[] = [];
  let wantsUser = false;
  for (let index = 0; index < args.length; index++) {
    const word = args[index];
    if (word === "--mode") wantsUser = args[++index] === "creds";
    else if (word.startsWith("--mode=")) wantsUser = word === "--mode=creds";
    else if (!word.startsWith("-")) positional.push(word);
  }
  const [operation, service, user] = positional;
  return { operation, service, user: user || undefined, wantsUser };
}

async function delegate(args: readonly string[], io: ClientIo): Promise<number> {
  const next = await nextProgram("keyring", io);
  // As keyring does for a password that it does not have.
  if (next === undefined) return EXIT.failure;
  const result = await io.runInForeground(next, args, {});
  return typeof result === "number" ? result : EXIT.failure;
}
