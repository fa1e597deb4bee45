/** `message` names the folder and what to do. */
export class EmbeddedDatabaseError extends Error {
  override readonly name = "EmbeddedDatabaseError";
}

/** Error numbers of WASI, as Emscripten uses them. */
const WASI = { EACCES: 2, EDQUOT: 19, ENOSPC: 51, EROFS: 69 };

/**
 * Describes an error of opening the embedded database: from the operating system, Deno or Node, or
 * what Emscripten throws, which is not an Error.
 */
export function embeddedFailure(error: unknown, folder: string): EmbeddedDatabaseError {
  return new EmbeddedDatabaseError(`the embedded database in ${folder} ${problem(error)}`);
}

function problem(error: unknown): string {
  const { code = "", errno, message = "" } = Object(error) as {
    code?: string;
    errno?: number;
    message?: string;
  };
  const is = (name: keyof typeof WASI, pattern: RegExp) =>
    code === name || errno === WASI[name] || pattern.test(message);
  if (is("ENOSPC", /no space left/i) || is("EDQUOT", /quota exceeded/i)) {
    return "cannot be written: the disk is full. Free some space (a new database takes 40 MB), " +
      "or choose another folder with --data-dir.";
  }
  if (is("EROFS", /read-only file system/i)) {
    return "cannot be written: the file system is read-only. Choose another folder with --data-dir.";
  }
  if (is("EACCES", /permission denied/i)) {
    return "cannot be used: this user is not allowed to read or write it. Run as the user that owns it, " +
      "or choose another folder with --data-dir.";
  }
  if (error instanceof Deno.errors.NotADirectory || code === "ENOTDIR" || code === "EEXIST") {
    return "cannot be used: there is a file in its place. Choose another folder with --data-dir.";
  }
  const reason = message === "" ? "" : ` (${message.split("\n")[0]})`;
  return `cannot be opened${reason}. If it was damaged, restore the folder from a backup.`;
}
