import type { ImportProblem } from "../problem.ts";
import type { UserFields } from "./imported_user.ts";

/** The members of a JSON object and the columns of a CSV file. */
export const USER_FIELDS = [
  "id",
  "email",
  "name",
  "password_hash",
  "email_verified",
  "disabled",
  "groups",
];

/** A user of our own format. An unknown field is a problem, since it may be a misspelled one. */
export function readOwnFormat(line: number, value: unknown): UserFields | ImportProblem {
  if (!isObject(value)) {
    return { line, code: "invalid_json", message: "The entry is not a JSON object." };
  }
  const unknown = Object.keys(value).find((field) => !USER_FIELDS.includes(field));
  if (unknown !== undefined) {
    return {
      line,
      code: "unknown_field",
      message: `Unknown field ${JSON.stringify(unknown.slice(0, 60))}. The fields are ` +
        `${USER_FIELDS.join(", ")}.`,
    };
  }
  const { id, email, name, password_hash, email_verified, disabled, groups } = value;
  return {
    id,
    email,
    name,
    passwordHash: password_hash,
    emailVerified: email_verified,
    disabled,
    groups,
  };
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
