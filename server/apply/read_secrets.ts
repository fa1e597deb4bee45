import { dirname, isAbsolute, join } from "node:path";
import { sanitizeLine } from "../../shared/sanitize.ts";
import type { DeclaredItem } from "../admin/apply/apply_state.ts";
import type { DeclaredThing, SecretSource } from "./read_state.ts";
import { readSecretFile } from "../config/secret_files.ts";
import type { ConfigProblem } from "../config/problem.ts";
import type { ServerIo } from "../io.ts";
import { tokenHash } from "../tokens/token_hash.ts";
import type { NamedState } from "./read_files.ts";

/** Only hashes of client secrets are stored, which hide long ones only. */
const MIN_LENGTH = 32;
const MAX_LENGTH = 2000;

/**
 * The declared things with the values of their secrets, which are read where the command runs.
 * `optional`: one that cannot be read is left out, and named in `missing`.
 */
export async function readSecrets(
  state: NamedState,
  { optional }: { optional: boolean },
  io: ServerIo,
): Promise<{ things: DeclaredItem[]; problems: ConfigProblem[]; missing: string[] }> {
  const problems: ConfigProblem[] = [];
  const missing: string[] = [];
  const things: DeclaredItem[] = [];
  for (const { secret: source, ...thing } of state.things) {
    if (source === undefined) {
      things.push(thing);
      continue;
    }
    const subject = state.place(thing, source.property);
    const reject = (message: string) =>
      void problems.push({ code: "unreadable_file", subject, message });
    const value = await readSecret(source, io);
    if (typeof value !== "string") {
      const message = `the secret cannot be read: ${value.message}`;
      if (optional) missing.push(`${subject}: ${message}`);
      else reject(message);
      things.push({ ...thing, secret: { isUnknown: true } });
      continue;
    }
    const problem = secretProblem(thing, value);
    if (problem !== undefined) reject(problem);
    things.push({ ...thing, secret: toValue(thing, value) });
  }
  return { things, problems, missing };
}

async function readSecret(
  { from, name, namedIn }: SecretSource,
  io: ServerIo,
): Promise<string | { message: string }> {
  if (from === "environment") {
    return io.env[name] ||
      { message: `the environment variable ${sanitizeLine(name, 200)} is not set.` };
  }
  const isAlone = isAbsolute(name) || name.startsWith("$");
  // Relative to the file that names it, as in a compose file.
  return await readSecretFile(isAlone ? name : join(dirname(namedIn), name), io.env);
}

function secretProblem({ kind }: Pick<DeclaredThing, "kind">, secret: string): string | undefined {
  if (secret.length > MAX_LENGTH || !/^[\x21-\x7e]+$/.test(secret)) {
    return "the secret is empty, too long, or has characters besides visible ASCII.";
  }
  return kind === "client" && secret.length < MIN_LENGTH
    ? `the secret has fewer than ${MIN_LENGTH} characters. Create one: openssl rand -hex 32`
    : undefined;
}

function toValue({ kind }: Pick<DeclaredThing, "kind">, secret: string) {
  return kind === "client"
    ? { hash: btoa(String.fromCharCode(...tokenHash(secret))) }
    : { text: secret };
}
