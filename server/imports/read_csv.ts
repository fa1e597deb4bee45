import { type ImportEntry, type ImportProblem, invalidUtf8, MAX_ENTRY_BYTES } from "./problem.ts";

/** Of these, the one in the first line separates fields; they may contain the others. */
const SEPARATORS = [",", ";", "\t"];

/** The records of a CSV file (RFC 4180) as objects, by the names in its first line. */
export async function* readCsv(
  bytes: AsyncIterable<Uint8Array>,
  columns: readonly string[],
): AsyncGenerator<ImportEntry> {
  const { parse } = await import("csv-parse");
  const { line, all } = await peekLine(bytes);
  // Not read from the parser: an error would discard the records before it.
  let records: ImportEntry[] = [];
  const parser = parse({
    bom: true,
    columns: (header: string[]) => checkHeader(header, columns),
    delimiter: SEPARATORS.find((separator) => line.includes(separator)) ?? SEPARATORS[0],
    max_record_size: MAX_ENTRY_BYTES,
    on_record: (record: Record<string, string>, { lines }: { lines: number }) => {
      records.push(toEntry(lines, record));
      return null;
    },
    skip_empty_lines: true,
    skip_records_with_error: true,
    trim: true,
  });
  const take = () => {
    const taken = records;
    records = [];
    return taken;
  };
  const failed = new Promise<Error>((resolve) => void parser.once("error", resolve));
  const ended = new Promise<undefined>((resolve) => void parser.once("end", resolve));
  parser.on("skip", (error: CsvError) => void records.push(brokenRecord(error)));
  parser.resume();
  let error: Error | undefined;
  for await (const chunk of all) {
    const written = new Promise<undefined>((resolve) => {
      parser.write(chunk, () => resolve(undefined));
    });
    error = await Promise.race([failed, written.then(() => parser.errored ?? undefined)]);
    yield* take();
    if (error !== undefined) break;
  }
  if (error === undefined) {
    parser.end();
    error = await Promise.race([failed, ended]);
    yield* take();
  }
  if (error !== undefined) yield brokenFile(error);
}

/** The first line, as far as an entry may be long, and all of the content. */
async function peekLine(
  bytes: AsyncIterable<Uint8Array>,
): Promise<{ line: string; all: AsyncIterable<Uint8Array> }> {
  const iterator = bytes[Symbol.asyncIterator]();
  const decoder = new TextDecoder();
  const chunks: Uint8Array[] = [];
  let text = "";
  while (!text.trimStart().includes("\n") && text.length < MAX_ENTRY_BYTES) {
    const { done, value } = await iterator.next();
    if (done) break;
    chunks.push(value);
    text += decoder.decode(value, { stream: true });
  }
  async function* all() {
    yield* chunks;
    yield* { [Symbol.asyncIterator]: () => iterator };
  }
  return { line: text.trimStart().split("\n")[0], all: all() };
}

function toEntry(line: number, record: Record<string, string>): ImportEntry {
  const isDamaged = Object.values(record).some((value) => value.includes("\ufffd"));
  return isDamaged ? invalidUtf8(line) : { line, value: withoutEmpty(record) };
}

type CsvError = Error & { lines?: number };

function brokenRecord({ lines = 1, message }: CsvError): ImportProblem {
  return {
    line: lines,
    code: "invalid_csv",
    message: `The entry was not read: ${message.slice(0, 200)}. ${QUOTE_FIELDS}`,
  };
}

function brokenFile(error: CsvError): ImportProblem {
  return {
    line: error.lines ?? 1,
    code: "invalid_csv",
    message: error instanceof UnknownColumn
      ? error.message
      : `The rest of the file was not read: ${error.message.slice(0, 200)}. ${QUOTE_FIELDS}`,
  };
}

const QUOTE_FIELDS = "Quote fields that contain separators, quotes or line breaks.";

class UnknownColumn extends Error {}

function checkHeader(header: readonly string[], columns: readonly string[]): string[] {
  const names = header.map((name) => name.trim().toLowerCase());
  const unknown = names.find((name) => !columns.includes(name));
  if (unknown !== undefined || new Set(names).size < names.length) {
    throw new UnknownColumn(
      (unknown === undefined
        ? "The first line has a column twice."
        : `The first line has the column "${unknown.slice(0, 60)}".`) +
        ` It must name the columns, which are ${columns.join(", ")}.`,
    );
  }
  return names;
}

/** A field without content is as one that is absent. */
function withoutEmpty(record: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== ""));
}
