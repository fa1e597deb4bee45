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
import { formatJson } from "../../output.ts";

export async function authKeyring(args: readonly string[], io: ClientIo): Promise<number> {
  const { operation, service, user, options } = parse(args);
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
  const username = options.get("--mode") === "creds" ? user ?? credential.user : undefined;
  io.stdout(
    options.get("--output") === "json"
      ? formatJson({ username, password: credential.token })
      : [username, credential.token, ""].filter((line) => line !== undefined).join("\n"),
  );
  return EXIT.ok;
}

/** Options of keyring that have a value. */
const WITH_VALUE = ["--mode", "--output", "--keyring-backend", "--keyring-path"];

/**
 * `get SERVICE USER` prints the password. With `--mode creds` the user may be missing and is printed
 * as well, and `--output json` prints an object (`keyring --help`, version 25).
 */
function parse(args: readonly string[]) {
  const positional: string[] = [];
  const options = new Map<string, string>();
  for (let index = 0; index < args.length; index++) {
    const [name, value] = args[index].split("=", 2);
    if (WITH_VALUE.includes(name)) options.set(name, value ?? args[++index] ?? "");
    else if (!args[index].startsWith("-")) positional.push(args[index]);
  }
  const [operation, service, user] = positional;
  return { operation, service, user: user || undefined, options };
}

async function delegate(args: readonly string[], io: ClientIo): Promise<number> {
  const next = await nextProgram("keyring", io);
  // As keyring does for a password that it does not have.
  if (next === undefined) return EXIT.failure;
  const result = await io.runInForeground(next, args, {});
  return typeof result === "number" ? result : EXIT.failure;
}
