import { type ImportEntry, type ImportProblem, invalidUtf8, MAX_ENTRY_BYTES } from "./problem.ts";

/**
 * The records of a CSV file (RFC 4180) as objects, by the names in its first line. Commas, semicolons
 * or tabs separate fields.
 */
export async function* readCsv(
  bytes: AsyncIterable<Uint8Array>,
  columns: readonly string[],
): AsyncGenerator<ImportEntry> {
  const { parse } = await import("csv-parse");
  // Not read from the parser: an error would discard the records before it.
  let records: ImportEntry[] = [];
  const parser = parse({
    bom: true,
    columns: (header: string[]) => checkHeader(header, columns),
    delimiter: [",", ";", "\t"],
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
  for await (const chunk of bytes) {
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
