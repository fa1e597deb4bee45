/** What is wrong with an entry of a file, and what to do about it. The file is imported without it. */
export interface ImportProblem {
  /** Of the file, from 1: where the entry starts. */
  line: number;
  /** The address or id of the user, as far as known. */
  user?: string;
  code: ImportProblemCode;
  message: string;
}

export type ImportProblemCode =
  | "duplicate"
  | "email_taken"
  | "expired"
  | "hash_taken"
  | "id_taken"
  | "invalid_csv"
  | "invalid_field"
  | "invalid_json"
  | "invalid_utf8"
  | "managed_group"
  | "name_taken"
  | "not_allowed"
  | "too_long"
  | "unknown_field"
  | "unknown_owner"
  | "unsupported_hash";

/** An entry of a file as its format has it, or why it cannot be read. */
export type ImportEntry = { line: number; value: unknown } | ImportProblem;

/** Longest entry, in bytes: a user with every field has less than half of it. */
export const MAX_ENTRY_BYTES = 64 * 1024;

export function tooLong(line: number): ImportProblem {
  const limit = MAX_ENTRY_BYTES / 1024;
  return {
    line,
    code: "too_long",
    message: `The entry is longer than ${limit} KiB. Check that the file has one entry a line.`,
  };
}

export function invalidUtf8(line: number): ImportProblem {
  return {
    line,
    code: "invalid_utf8",
    message: "The entry is not UTF-8. Convert the file, for example with iconv.",
  };
}

export function invalidJson(line: number): ImportProblem {
  return {
    line,
    code: "invalid_json",
    message: "The entry is not valid JSON. Write one JSON object a line.",
  };
}
