import { type ImportEntry, invalidJson, invalidUtf8, MAX_ENTRY_BYTES, tooLong } from "./problem.ts";

const LINE_FEED = 0x0a;

/** One JSON value a line; empty lines are skipped. No more than one line is in memory. */
export async function* readJsonLines(
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<ImportEntry> {
  let line = 1;
  for await (const content of splitLines(bytes)) {
    const entry = content === undefined ? tooLong(line) : parseEntry(line, content);
    if (entry !== undefined) yield entry;
    line++;
  }
}

/** The lines without their ends; undefined in place of one that is too long. */
async function* splitLines(
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array | undefined> {
  let parts: Uint8Array[] = [];
  let length = 0;
  const add = (part: Uint8Array) => {
    length += part.length;
    if (length <= MAX_ENTRY_BYTES) parts.push(part.slice());
    else parts = [];
  };
  const take = () => {
    const line = length > MAX_ENTRY_BYTES ? undefined : concat(parts, length);
    [parts, length] = [[], 0];
    return line;
  };
  for await (const chunk of bytes) {
    let start = 0;
    for (
      let end = chunk.indexOf(LINE_FEED);
      end !== -1;
      end = chunk.indexOf(LINE_FEED, start)
    ) {
      add(chunk.subarray(start, end));
      yield take();
      start = end + 1;
    }
    add(chunk.subarray(start));
  }
  if (length > 0) yield take();
}

function concat(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Undefined for an empty line. */
export function parseEntry(line: number, content: Uint8Array): ImportEntry | undefined {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch {
    return invalidUtf8(line);
  }
  if (text.trim() === "") return undefined;
  try {
    return { line, value: JSON.parse(text) };
  } catch {
    return invalidJson(line);
  }
}
