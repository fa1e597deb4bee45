import type { ImportProblem } from "../problem.ts";
import { readCsv } from "../read_csv.ts";
import { readJsonLines } from "../read_json_lines.ts";
import { type ImportedToken, toImportedToken, TOKEN_FIELDS } from "./imported_token.ts";

export const TOKEN_FILE_FORMATS = ["jsonl", "csv"] as const;
export type TokenFileFormat = typeof TOKEN_FILE_FORMATS[number];

/** The tokens of a file, one after the other, and what is wrong with the others. */
export async function* readTokens(
  bytes: AsyncIterable<Uint8Array>,
  format: TokenFileFormat,
): AsyncGenerator<ImportedToken | ImportProblem> {
  const entries = format === "csv" ? readCsv(bytes, TOKEN_FIELDS) : readJsonLines(bytes);
  for await (const entry of entries) {
    yield "value" in entry ? toImportedToken(entry.line, entry.value) : entry;
  }
}
