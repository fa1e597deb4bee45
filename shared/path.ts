/**
 * File paths without `node:path`, which takes 10 ms to load in Deno: that is half the start of
 * a command. As node:path does it, except drive-relative paths of Windows (`C:name`).
 */
const isWindows = Deno.build.os === "windows";

export const { basename, dirname, isAbsolute, join, resolve } = pathsOf(isWindows);

/** The functions for one system; tests compare both with node:path. */
export function pathsOf(windows: boolean, cwd: () => string = Deno.cwd) {
  const separator = windows ? "\\" : "/";
  const separators = windows ? /[\\/]+/ : /\/+/;

  /** The part that cannot be left by `..`: `/`, `C:\`, `\\server\share\`. */
  function rootOf(path: string): string {
    const pattern = windows
      ? /^(?:[\\/]{2}[^\\/]+[\\/]+[^\\/]+[\\/]*|(?:[A-Za-z]:)?[\\/]+)/
      : /^\/+/;
    const [root] = pattern.exec(path) ?? [""];
    return root;
  }

  function normalizedRoot(root: string): string {
    if (!windows) return root === "" ? "" : "/";
    const [drive] = /^[A-Za-z]:/.exec(root) ?? [""];
    const names = root.slice(drive.length).split(separators).filter((name) => name !== "");
    if (names.length > 0) return `\\\\${names.join("\\")}\\`;
    return root === "" ? "" : `${drive}\\`;
  }

  function normalize(path: string): string {
    const root = rootOf(path);
    const names: string[] = [];
    for (const name of path.slice(root.length).split(separators)) {
      if (name === "" || name === ".") continue;
      if (name !== "..") names.push(name);
      else if (names.length > 0 && names.at(-1) !== "..") names.pop();
      else if (root === "") names.push(name);
    }
    const rest = names.join(separator);
    // A relative path must not turn into one with a drive.
    const guard = windows && root === "" && /^[A-Za-z]:/.test(rest) ? ".\\" : "";
    return normalizedRoot(root) + guard + rest || ".";
  }

  const isAbsolute = (path: string): boolean => rootOf(path) !== "";

  function join(...parts: string[]): string {
    const joined = parts.filter((part) => part !== "");
    const path = joined.join(separator);
    // Joining must not create the `\\\\` of a share.
    const isShare = windows && /^[\\/]{2}[^\\/]/.test(joined[0] ?? "");
    return normalize(windows && !isShare ? path.replace(/^[\\/]+/, separator) : path);
  }

  const isSeparator = (character: string | undefined) =>
    character === "/" || windows && character === "\\";

  /** A loop, not a regular expression, which would take quadratic time for many separators. */
  function withoutLastSeparators(path: string): string {
    let end = path.length;
    while (isSeparator(path[end - 1])) end--;
    return path.slice(0, end);
  }

  /** Without a last separator, as the system names a folder. */
  function trimmed(path: string): string {
    const root = rootOf(path);
    return root + withoutLastSeparators(path.slice(root.length));
  }

  function basename(path: string): string {
    const rest = trimmed(path).slice(rootOf(path).length);
    return rest.split(separators).at(-1)!;
  }

  function dirname(path: string): string {
    const root = rootOf(path);
    const rest = trimmed(path).slice(root.length);
    const folder = rest.slice(0, rest.length - basename(path).length);
    return root + withoutLastSeparators(folder) || ".";
  }

  /** Of Windows' absolute paths, `\\a` is relative to a drive or share. */
  const hasDevice = (path: string) => !windows || /^[A-Za-z]:|^[\\/]{2}/.test(path);

  function resolve(...parts: string[]): string {
    const isComplete = parts.some((part) => isAbsolute(part) && hasDevice(part));
    let path = isComplete ? "" : cwd();
    for (const part of parts) {
      if (!isAbsolute(part)) path = join(path, part);
      else path = hasDevice(part) ? part : join(rootOf(path), part);
    }
    const normalized = normalize(path);
    return normalized === normalizedRoot(rootOf(normalized)) ? normalized : trimmed(normalized);
  }

  return { basename, dirname, isAbsolute, join, resolve };
}
