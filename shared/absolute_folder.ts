import { isAbsolute } from "./path.ts";

/**
 * A folder that the environment names, if it is an absolute path. A relative one
 * would depend on the working folder, and the XDG Base Directory Specification says
 * to ignore it.
 */
export function absoluteFolder(value: string | undefined | null): string | undefined {
  return value && isAbsolute(value) ? value : undefined;
}
