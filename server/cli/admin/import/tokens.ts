import { nameKey } from "../../../../shared/name_key.ts";
import type { ServerIo } from "../../../io.ts";
import { Duplicates } from "../../../imports/duplicates.ts";
import type { ImportProblem } from "../../../imports/problem.ts";
import type { ImportedToken } from "../../../imports/tokens/imported_token.ts";
import {
  readTokens,
  TOKEN_FILE_FORMATS,
  type TokenFileFormat,
} from "../../../imports/tokens/read_tokens.ts";
import { reportUsage } from "../../failure.ts";
import type { DatabaseOptions } from "../../options.ts";
import { openInput } from "./input.ts";
import { runImport } from "./run_import.ts";

type ImportTokensOptions = DatabaseOptions & {
  format?: string;
  tokenFormat?: string;
  dryRun?: boolean;
  json?: boolean;
};

/** `admin import tokens`. */
export async function adminImportTokens(
  path: string,
  { format: chosen, tokenFormat, dryRun = false, json = false, ...options }: ImportTokensOptions,
  io: ServerIo,
): Promise<number> {
  const format = fileFormat(chosen, path);
  if (format === undefined) {
    return reportUsage(
      chosen === undefined
        ? `What format has ${path}? Use --format ${TOKEN_FILE_FORMATS.join(" or ")}.`
        : `--format: use one of ${TOKEN_FILE_FORMATS.join(", ")}.`,
      io,
    );
  }
  const input = await openInput(path, io);
  if (typeof input === "string") return reportUsage(input, io);
  return await runImport(
    withoutDuplicates(readTokens(input, format)),
    (session, tokens) => session.run("importTokens", { tokens, format: tokenFormat, dryRun }),
    { dryRun, json, noun: "token" },
    options,
    io,
  );
}

function fileFormat(chosen: string | undefined, path: string): TokenFileFormat | undefined {
  if (chosen !== undefined) return TOKEN_FILE_FORMATS.find((format) => format === chosen);
  if (/\.csv$/i.test(path)) return "csv";
  return path === "-" || /\.(jsonl|ndjson)$/i.test(path) ? "jsonl" : undefined;
}

/** A token that is in the file twice is imported once; the owner has one token of each name. */
async function* withoutDuplicates(
  entries: AsyncIterable<ImportedToken | ImportProblem>,
): AsyncGenerator<ImportedToken | ImportProblem> {
  const [hashes, names] = [new Duplicates(), new Duplicates()];
  for await (const entry of entries) {
    if ("code" in entry) {
      yield entry;
      continue;
    }
    const { line, owner, hash, name } = entry;
    const sameHash = hashes.add(hash, line);
    const sameName = sameHash !== undefined || name === undefined
      ? undefined
      : names.add(`${nameKey(owner)} ${nameKey(name)}`, line);
    const earlier = sameHash ?? sameName;
    if (earlier === undefined) {
      yield entry;
      continue;
    }
    yield {
      line,
      user: owner,
      code: "duplicate",
      message: sameHash === undefined
        ? `Line ${earlier} has a token of this owner with the same name. Choose another name.`
        : `Line ${earlier} has a token with the same hash. Remove one of them.`,
    };
  }
}
