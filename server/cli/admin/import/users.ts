import { nameKey } from "../../../../shared/name_key.ts";
import type { ServerIo } from "../../../io.ts";
import { Duplicates } from "../../../imports/duplicates.ts";
import type { ImportProblem } from "../../../imports/problem.ts";
import type { ImportedUser } from "../../../imports/users/imported_user.ts";
import { readUsers, USER_FORMATS, type UserFormat } from "../../../imports/users/read_users.ts";
import { reportUsage } from "../../failure.ts";
import type { DatabaseOptions } from "../../options.ts";
import { openInput } from "./input.ts";
import { runImport } from "./run_import.ts";

type ImportUsersOptions = DatabaseOptions & {
  format?: string;
  /** False: import none. */
  groups?: boolean;
  dryRun?: boolean;
  json?: boolean;
};

/** `admin import users`. */
export async function adminImportUsers(
  path: string,
  { format: chosen, groups = true, dryRun = false, json = false, ...options }: ImportUsersOptions,
  io: ServerIo,
): Promise<number> {
  const format = userFormat(chosen, path);
  if (format === undefined) {
    return reportUsage(
      chosen === undefined
        ? `What format has ${path}? Use --format ${USER_FORMATS.join(", ")}.`
        : `--format: use one of ${USER_FORMATS.join(", ")}.`,
      io,
    );
  }
  const input = await openInput(path, io);
  if (typeof input === "string") return reportUsage(input, io);
  return await runImport(
    withoutDuplicates(readUsers(input, format, { groups })),
    (session, users) => session.run("importUsers", { users, dryRun }),
    { dryRun, json, noun: "user" },
    options,
    io,
  );
}

/** By the end of the name, for our own formats only. */
function userFormat(chosen: string | undefined, path: string): UserFormat | undefined {
  if (chosen !== undefined) return USER_FORMATS.find((format) => format === chosen);
  if (/\.csv$/i.test(path)) return "csv";
  return path === "-" || /\.(jsonl|ndjson)$/i.test(path) ? "jsonl" : undefined;
}

/** A user who is in the file twice is imported once. */
async function* withoutDuplicates(
  entries: AsyncIterable<ImportedUser | ImportProblem>,
): AsyncGenerator<ImportedUser | ImportProblem> {
  const [ids, addresses] = [new Duplicates(), new Duplicates()];
  for await (const entry of entries) {
    if ("code" in entry) {
      yield entry;
      continue;
    }
    const { line, subject, email } = entry;
    const sameAddress = addresses.add(nameKey(email), line);
    const sameId = subject === undefined ? undefined : ids.add(subject, line);
    const earlier = sameAddress ?? sameId;
    if (earlier === undefined) {
      yield entry;
      continue;
    }
    yield {
      line,
      user: email,
      code: "duplicate",
      message: `Line ${earlier} has a user with the same ${
        sameAddress === undefined ? "id" : "e-mail address"
      }. Remove one of them.`,
    };
  }
}
