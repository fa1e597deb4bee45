/** `pat import`: takes over tokens of an older deployment, of which only hashes are known. */
import { EXIT } from "../../../shared/exit_codes.ts";
import { sanitizeLine } from "../../../shared/sanitize.ts";
import { ClientError } from "../../errors.ts";
import type { ClientIo } from "../../io.ts";
import type { ApprovalOptions } from "../../auth/management_token.ts";
import { formatJson } from "../../output.ts";
import { type ImportedToken, openTokenApi } from "../../pat/api.ts";
import type { PersonalAccessToken } from "../../pat/token.ts";
import type { Selection } from "../../auth/selection.ts";

export interface PatImportOptions extends Selection, ApprovalOptions {
  json?: boolean;
}

/** Reads one JSON object per line from standard input; a rejected line does not stop the others. */
export async function patImport(options: PatImportOptions, io: ClientIo): Promise<number> {
  const tokens = (await io.readStdin()).split("\n")
    .map((text, index) => ({ text: text.trim(), line: index + 1 }))
    .filter(({ text }) => text !== "")
    .map(parseLine);
  if (tokens.length === 0) {
    throw new ClientError(
      "invalid_input",
      "Standard input is empty. Write one JSON object per line, with tokenHash, name, owner, " +
        "scopes and expiresAt.",
    );
  }
  await using api = await openTokenApi({ ...options, administer: true }, io);
  // One approval covers all of them.
  const scopes = [...new Set(tokens.flatMap(({ token }) => token.scopes))];
  const imported: PersonalAccessToken[] = [];
  let exitCode: number = EXIT.ok;
  for (const { token, line } of tokens) {
    try {
      imported.push(await api.import(token, scopes));
    } catch (error) {
      if (!(error instanceof ClientError) || io.signal.aborted) throw error;
      // Without an approval, every other line would fail as well.
      if (error.exitCode !== EXIT.failure) throw error;
      io.stderr(`Error: line ${line} (${sanitizeLine(token.name)}): ${error.message}\n`);
      exitCode = EXIT.failure;
    }
  }
  if (options.json) io.stdout(formatJson(imported));
  io.stderr(`Imported ${imported.length} of ${tokens.length} tokens.\n`);
  return exitCode;
}

function parseLine({ text, line }: { text: string; line: number }) {
  const invalid = (reason: string) => new ClientError("invalid_input", `Line ${line} ${reason}.`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid("is not valid JSON");
  }
  const { tokenHash, name, description, owner, scopes, expiresAt, allowedAddresses } = Object(
    value,
  );
  const isList = (list: unknown) =>
    Array.isArray(list) && list.every((item) => typeof item === "string");
  if (typeof tokenHash !== "string" || !/^[0-9a-f]{64}$/.test(tokenHash)) {
    throw invalid("needs tokenHash: the SHA-256 of the token in hexadecimal");
  }
  if (typeof name !== "string" || typeof owner !== "string") {
    throw invalid("needs a name and an owner");
  }
  if (!["string", "undefined"].includes(typeof description) && description !== null) {
    throw invalid("has a description that is not a text");
  }
  if (!isList(scopes)) throw invalid("needs scopes, as a list");
  if (typeof expiresAt !== "string" && expiresAt !== null) {
    throw invalid("needs expiresAt, such as 2027-01-31T12:00:00Z, or null for never");
  }
  if (allowedAddresses !== undefined && !isList(allowedAddresses)) {
    throw invalid("has allowedAddresses that are not a list");
  }
  const token: ImportedToken = {
    tokenHash,
    name,
    description,
    owner,
    scopes,
    expiresAt,
    allowedAddresses,
  };
  return { token, line };
}
