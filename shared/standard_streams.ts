/** Writing to the standard streams of this process: whole texts, with errors that say what went wrong. */

/** Standard output cannot be written, because of a full disk for example. */
export class OutputError extends Error {
  override readonly name = "OutputError";
}

/**
 * Writes all of `text` to standard output. False if it cannot be read: the reader
 * of a pipe has gone away, or the caller closed standard output (`>&-`). For most
 * output that is not a failure, but a secret that is shown once is lost then.
 * Throws OutputError for every other failure.
 */
export function writeStdout(text: string): boolean {
  try {
    return writeAll(Deno.stdout, text) && !wasStdoutClosed();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new OutputError(`cannot write to standard output: ${reason}`, { cause: error });
  }
}

/** Writes all of `bytes` to standard output, at the pace of its reader. Throws OutputError. */
export async function writeStdoutBytes(bytes: Uint8Array): Promise<void> {
  try {
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await Deno.stdout.write(rest));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new OutputError(`cannot write to standard output: ${reason}`, { cause: error });
  }
}

/** Writes all of `text` to standard error. There is nowhere to report a failure to, so none is. */
export function writeStderr(text: string): void {
  try {
    writeAll(Deno.stderr, text);
  } catch {
    // The exit code still reports the command's result.
  }
}

/** False if the reader has gone away. */
function writeAll(stream: typeof Deno.stdout | typeof Deno.stderr, text: string): boolean {
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(stream.writeSync(bytes));
    } catch (error) {
      if (error instanceof Deno.errors.BrokenPipe) return false;
      // Another process set the pipe to non-blocking, and its reader is slow.
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
  return true;
}

let stdoutClosed: boolean | undefined;

/**
 * Whether standard output was closed when this process started. The runtime opens
 * the null device for reading and writing in place of a closed descriptor, so every
 * write succeeds. `>/dev/null` is different: shells open it only for writing.
 */
function wasStdoutClosed(): boolean {
  return stdoutClosed ??= isNullDeviceForReading();
}

function isNullDeviceForReading(): boolean {
  if (Deno.build.os === "windows") return false;
  try {
    const { rdev } = Deno.statSync("/dev/fd/1");
    if (rdev === null || rdev === 0 || rdev !== Deno.statSync("/dev/null").rdev) return false;
    if (Deno.build.os !== "linux") {
      // Opening /dev/fd/1 on BSD systems is dup(2) with the descriptor's own access mode.
      Deno.openSync("/dev/fd/1", { read: true }).close();
      return true;
    }
    const flags = /^flags:\s*([0-7]+)$/m.exec(Deno.readTextFileSync("/proc/self/fdinfo/1"));
    const O_ACCMODE = 0o3;
    const O_RDWR = 0o2;
    return flags !== null && (parseInt(flags[1], 8) & O_ACCMODE) === O_RDWR;
  } catch {
    return false;
  }
}
