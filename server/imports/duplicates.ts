import { createHash } from "node:crypto";

/**
 * Finds what a file has twice. It remembers 48 bits of a hash of each entry and its line, so that a
 * file with a million entries takes some dozen megabytes.
 */
export class Duplicates {
  #lines = new Map<number, number>();

  /** The line of an earlier entry with the same key. */
  add(key: string, line: number): number | undefined {
    const hash = createHash("sha256").update(key).digest().readUIntBE(0, 6);
    const earlier = this.#lines.get(hash);
    if (earlier === undefined) this.#lines.set(hash, line);
    return earlier;
  }
}
