import { type ImportEntry, invalidJson, MAX_ENTRY_BYTES, tooLong } from "./problem.ts";
import { parseEntry } from "./read_json_lines.ts";

const [LINE_FEED, QUOTE, BACKSLASH, COMMA] = [0x0a, 0x22, 0x5c, 0x2c];
const OPENING = [0x5b, 0x7b];
const CLOSING = [0x5d, 0x7d];

/**
 * The elements of an array: the whole document or, with `key`, that member of the object that it is.
 * No more than one element is in memory, whatever the length of the document.
 */
export async function* readJsonArray(
  bytes: AsyncIterable<Uint8Array>,
  key?: string,
): AsyncGenerator<ImportEntry> {
  const document = new ArrayScanner(key);
  for await (const chunk of bytes) {
    for (const byte of chunk) {
      const entry = document.read(byte);
      if (entry !== undefined) yield entry;
    }
  }
  const problem = document.end();
  if (problem !== undefined) yield problem;
}

class ArrayScanner {
  #line = 1;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  /** Of the array whose elements are read, while it is open. */
  #arrayDepth?: number;
  #hasArray = false;
  /** The last string of the outermost object, which is a key if a value follows. */
  #string: number[] = [];
  #element: number[] = [];
  #elementLine = 1;
  #elementLength = 0;

  constructor(private readonly key: string | undefined) {}

  read(byte: number): ImportEntry | undefined {
    if (byte === LINE_FEED) this.#line++;
    const isStructure = !this.#isInString;
    this.#readString(byte);
    if (!isStructure || byte === QUOTE) return void this.#add(byte);
    if (OPENING.includes(byte)) {
      if (this.#isArrayStart(byte)) {
        this.#arrayDepth = this.#depth++;
        this.#hasArray = true;
        return;
      }
      this.#depth++;
    } else if (CLOSING.includes(byte)) {
      this.#depth--;
      if (this.#depth === this.#arrayDepth) {
        const last = this.#take();
        this.#arrayDepth = undefined;
        return last;
      }
    } else if (byte === COMMA && this.#depth - 1 === this.#arrayDepth) {
      return this.#take();
    }
    this.#add(byte);
  }

  end(): ImportEntry | undefined {
    if (this.#depth === 0 && !this.#isInString && this.#hasArray) return undefined;
    return {
      line: this.#line,
      code: "invalid_json",
      message: this.#hasArray
        ? "The file ends within an entry. Export it again."
        : this.key === undefined
        ? "The file has no JSON array."
        : `The file has no member "${this.key}". Check that it is an export with users.`,
    };
  }

  #readString(byte: number): void {
    if (!this.#isInString) {
      if (byte !== QUOTE) return;
      this.#isInString = true;
      if (this.#depth === 1) this.#string = [];
    } else if (this.#isEscaped) {
      this.#isEscaped = false;
    } else if (byte === BACKSLASH) {
      this.#isEscaped = true;
    } else if (byte === QUOTE) {
      this.#isInString = false;
    } else if (this.#depth === 1 && this.#string.length < 100) {
      this.#string.push(byte);
    }
  }

  #isArrayStart(byte: number): boolean {
    if (byte !== OPENING[0] || this.#arrayDepth !== undefined || this.#hasArray) return false;
    if (this.key === undefined) return this.#depth === 0;
    return this.#depth === 1 && String.fromCharCode(...this.#string) === this.key;
  }

  #add(byte: number): void {
    if (this.#arrayDepth === undefined) return;
    if (this.#elementLength === 0) {
      // White space before an element.
      if (byte <= 0x20) return;
      this.#elementLine = this.#line;
    }
    this.#elementLength++;
    if (this.#elementLength <= MAX_ENTRY_BYTES) this.#element.push(byte);
    else this.#element = [];
  }

  #take(): ImportEntry | undefined {
    const [line, length, content] = [this.#elementLine, this.#elementLength, this.#element];
    [this.#element, this.#elementLength] = [[], 0];
    if (length === 0) return undefined;
    if (length > MAX_ENTRY_BYTES) return tooLong(line);
    return parseEntry(line, Uint8Array.from(content)) ?? invalidJson(line);
  }
}
