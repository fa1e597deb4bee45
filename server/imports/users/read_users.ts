import type { ImportEntry, ImportProblem } from "../problem.ts";
import { readCsv } from "../read_csv.ts";
import { readJsonArray } from "../read_json_array.ts";
import { readJsonLines } from "../read_json_lines.ts";
import { readAuth0 } from "./auth0.ts";
import { type ImportedUser, toImportedUser, type UserFields } from "./imported_user.ts";
import { readKeycloak } from "./keycloak.ts";
import { readOwnFormat, USER_FIELDS } from "./own_format.ts";

export const USER_FORMATS = ["jsonl", "csv", "auth0", "keycloak"] as const;
export type UserFormat = typeof USER_FORMATS[number];

type ReadFields = (line: number, value: unknown) => UserFields | ImportProblem;

const READERS: Record<UserFormat, ReadFields> = {
  jsonl: readOwnFormat,
  csv: readOwnFormat,
  auth0: readAuth0,
  keycloak: readKeycloak,
};

/** The users of a file, one after the other, and what is wrong with the others. `groups`: with theirs. */
export async function* readUsers(
  bytes: AsyncIterable<Uint8Array>,
  format: UserFormat,
  { groups = true }: { groups?: boolean } = {},
): AsyncGenerator<ImportedUser | ImportProblem> {
  for await (const entry of readEntries(bytes, format)) {
    if (!("value" in entry)) {
      yield entry;
      continue;
    }
    const fields = READERS[format](entry.line, entry.value);
    if ("code" in fields) yield fields as ImportProblem;
    else yield toImportedUser(entry.line, groups ? fields : { ...fields, groups: undefined });
  }
}

async function* readEntries(
  bytes: AsyncIterable<Uint8Array>,
  format: UserFormat,
): AsyncGenerator<ImportEntry> {
  if (format === "csv") return yield* readCsv(bytes, USER_FIELDS);
  const { first, all } = await peek(bytes);
  if (format === "keycloak") {
    return yield* readJsonArray(all, first === OBJECT ? "users" : undefined);
  }
  // Auth0 exports lines, and imports an array.
  yield* first === ARRAY ? readJsonArray(all) : readJsonLines(all);
}

const ARRAY = "[".charCodeAt(0);
const OBJECT = "{".charCodeAt(0);
/** UTF-8 files of some editors begin with it. */
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** The first byte of the content, and all of it. */
async function peek(
  bytes: AsyncIterable<Uint8Array>,
): Promise<{ first: number | undefined; all: AsyncIterable<Uint8Array> }> {
  const iterator = bytes[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  let first: number | undefined;
  while (first === undefined) {
    const { done, value } = await iterator.next();
    if (done) break;
    chunks.push(value);
    first = value.find((byte) => byte > 0x20 && !BYTE_ORDER_MARK.includes(byte));
  }
  async function* all() {
    yield* chunks;
    for (;;) {
      const { done, value } = await iterator.next();
      if (done) return;
      yield value;
    }
  }
  return { first, all: all() };
}
