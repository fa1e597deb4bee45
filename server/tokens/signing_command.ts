/** A program of the operator that signs, such as with an HSM or the key service of a cloud. */
import { withTimeout } from "../../shared/deadline.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import { checkSignature, type ExternalSigner, SigningUnavailable } from "./external_signer.ts";
import { KeyError, readPublicKey } from "./import_key.ts";

export interface SigningCommandOptions {
  /** The program's path, then arguments that precede ours. */
  command: readonly string[];
  /** What the program sees of the environment. */
  env: Record<string, string>;
  timeoutMs?: number;
}

/** Of a signature. */
const TIMEOUT_MS = 5_000;
/** Of the public key, at start. */
const START_TIMEOUT_MS = 20_000;
/** Programs at a time; an HSM has few sessions. */
const MAX_RUNNING = 8;
/** Signatures that wait for one; more are rejected at once. */
const MAX_WAITING = 100;
const MAX_OUTPUT_BYTES = 64 * 1024;
/** A signature proves for this long that the next one works too. */
const READY_MS = 10_000;
/** After a failure, no program is started for this long only to see whether it works again. */
const RETRY_MS = 1_000;

/**
 * Asks the program for its public key (`PROGRAM public` prints PEM or a JWK) and returns what signs
 * with it: `PROGRAM sign ALGORITHM KID` reads the signing input and writes the signature. Throws
 * KeyError or SigningUnavailable.
 */
export async function commandSigner(options: SigningCommandOptions): Promise<ExternalSigner> {
  const output = await runProgram(
    { ...options, timeoutMs: START_TIMEOUT_MS },
    ["public"],
    new Uint8Array(),
  );
  const key = await readPublicKey(new TextDecoder().decode(output)).catch((error) => {
    if (!(error instanceof KeyError)) throw error;
    throw new KeyError(`${options.command[0]} public: ${error.message}`);
  });
  const slots = new Slots(MAX_RUNNING, MAX_WAITING, options.timeoutMs ?? TIMEOUT_MS);
  let succeededAt = -Infinity;
  let failure: { at: number; error: SigningUnavailable } | undefined;
  let probe: Promise<void> | undefined;
  const signer: ExternalSigner = {
    source: "command",
    ...key,
    async sign(input) {
      try {
        const arguments_ = ["sign", key.algorithm, key.kid];
        const signature = await slots.run(() => runProgram(options, arguments_, input));
        const checked = checkSignature(key, input, signature);
        if (checked === undefined) {
          throw new SigningUnavailable(
            `${options.command[0]} wrote ${signature.length} bytes that are not a signature of ` +
              `${key.kid}`,
          );
        }
        succeededAt = performance.now();
        failure = undefined;
        return checked;
      } catch (error) {
        if (!(error instanceof SigningUnavailable)) throw error;
        failure = { at: performance.now(), error };
        signer.onFailure?.(error.message);
        throw error;
      }
    },
    async ready() {
      const now = performance.now();
      if (failure !== undefined && now - failure.at < RETRY_MS) throw failure.error;
      if (failure === undefined && now - succeededAt < READY_MS) return;
      probe ??= signer.sign(new TextEncoder().encode("probe")).then(() => {})
        .finally(() => probe = undefined);
      await probe;
    },
  };
  return signer;
}

/** Runs few tasks at a time; others wait, but not for long. */
class Slots {
  #running = 0;
  #waiting: (() => void)[] = [];

  constructor(
    private readonly maxRunning: number,
    private readonly maxWaiting: number,
    private readonly timeoutMs: number,
  ) {}

  async run<T>(task: () => Promise<T>): Promise<T> {
    await this.#acquire();
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }

  async #acquire(): Promise<void> {
    if (this.#running < this.maxRunning) {
      this.#running++;
      return;
    }
    if (this.#waiting.length >= this.maxWaiting) {
      throw new SigningUnavailable("too many signatures are waiting for signing_key_command");
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    await withTimeout(promise, this.timeoutMs).catch(() => {
      const index = this.#waiting.indexOf(resolve);
      // It may have got a slot at the last moment.
      if (index < 0) return;
      this.#waiting.splice(index, 1);
      throw new SigningUnavailable("signing_key_command is too slow: signatures wait for others");
    });
  }
}

async function runProgram(
  { command: [program, ...prefix], env, timeoutMs = TIMEOUT_MS }: SigningCommandOptions,
  args: string[],
  input: Uint8Array,
): Promise<Uint8Array> {
  const name = `${program} ${args[0]}`;
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program, {
      args: [...prefix, ...args],
      ...{ stdin: "piped", stdout: "piped", stderr: "piped", clearEnv: true, env },
      // Of its own process group, so that its children can be killed with it.
      detached: true,
    }).spawn();
  } catch (error) {
    throw new SigningUnavailable(`${program} cannot be started: ${(error as Error).message}`);
  }
  const readers = [child.stdout.getReader(), child.stderr.getReader()];
  const [stdout, stderr] = readers.map(readBounded);
  // A program that does not read its input has an error of its own to report.
  const written = writeAll(child.stdin, input).catch(() => {});
  const finished = Promise.all([stdout, stderr, child.status, written]);
  // Its result does not count after a time-out.
  finished.catch(() => {});
  try {
    const [output, errors, status] = await withTimeout(finished, timeoutMs);
    if (!status.success) {
      const reason = sanitizeLine(new TextDecoder().decode(errors).trim(), 300);
      throw new SigningUnavailable(
        `${name} failed with exit code ${status.code}${reason === "" ? "" : `: ${reason}`}`,
      );
    }
    return output;
  } catch (error) {
    if (error instanceof SigningUnavailable) throw error;
    // Its own children may keep the pipes open.
    for (const reader of readers) reader.cancel().catch(() => {});
    kill(child);
    throw new SigningUnavailable(
      error instanceof OutputTooLong
        ? `${name} wrote more than ${MAX_OUTPUT_BYTES} bytes`
        : `${name} did not finish in ${timeoutMs / 1000} s`,
    );
  }
}

/** Kills the program and its children: a shell script has one that waits for the HSM. */
function kill(child: Deno.ChildProcess): void {
  try {
    if (Deno.build.os === "windows") child.kill("SIGKILL");
    else Deno.kill(-child.pid, "SIGKILL");
  } catch {
    // All have exited already.
  }
}

class OutputTooLong extends Error {}

async function readBounded(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { value: chunk } = await reader.read();
    if (chunk === undefined) break;
    length += chunk.length;
    if (length > MAX_OUTPUT_BYTES) throw new OutputTooLong();
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

async function writeAll(stream: WritableStream<Uint8Array>, bytes: Uint8Array): Promise<void> {
  const writer = stream.getWriter();
  await writer.write(bytes);
  await writer.close();
}
