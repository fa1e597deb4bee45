/** Reads the output of `git cat-file --batch`. */
import { sanitizeLine } from "../../shared/sanitize.ts";
import { ClientError } from "../errors.ts";

const NEWLINE = 10;

/**
 * Calls `read` with the content of each blob in `output`, in order; it must read all of it.
 * Returns the number of blobs. Throws ClientError if git does not have one of them.
 */
export async function readBlobs(
  output: AsyncIterable<Uint8Array>,
  read: (content: AsyncIterable<Uint8Array>, index: number) => Promise<void>,
): Promise<number> {
  const bytes = new Bytes(output);
  for (let index = 0;; index++) {
    const header = await bytes.line();
    if (header === undefined) return index;
    const length = /^[0-9a-f]+ blob (\d+)$/.exec(header)?.[1];
    if (length === undefined) {
      throw new ClientError(
        "git_failed",
        `git cannot read a staged file: ${sanitizeLine(header)}. Run: git fsck`,
      );
    }
    await read(bytes.take(Number(length)), index);
    // A newline ends each blob.
    await bytes.line();
  }
}

class Bytes {
  #input: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(input: AsyncIterable<Uint8Array>) {
    this.#input = input[Symbol.asyncIterator]();
  }

  /** False at the end of the input. */
  async #fill(): Promise<boolean> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#input.next();
      if (done) return false;
      this.#rest = value;
    }
    return true;
  }

  /** A short line; undefined at the end. */
  async line(): Promise<string | undefined> {
    let text = "";
    while (await this.#fill()) {
      const newline = this.#rest.indexOf(NEWLINE);
      const end = newline < 0 ? this.#rest.length : newline;
      text += new TextDecoder().decode(this.#rest.subarray(0, end));
      this.#rest = this.#rest.subarray(end + 1);
      if (newline >= 0) return text;
    }
    return text === "" ? undefined : text;
  }

  async *take(length: number): AsyncGenerator<Uint8Array> {
    for (let left = length; left > 0;) {
      if (!await this.#fill()) return;
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }
}
