import { Buffer } from "node:buffer";
import { LAST_TIME } from "../../../shared/clock.ts";
import { splitScope } from "../../../shared/oauth/scope.ts";
import type { ImportProblem } from "../problem.ts";
import { isObject } from "../users/own_format.ts";

/** A token to import, as JSON. The operation checks it against the policy. */
export interface ImportedToken {
  line: number;
  /** The address, id or `sub` of a user, or the name of a service account. */
  owner: string;
  /** In hex. */
  hash: string;
  /** Undefined: one that is derived from the hash. */
  name?: string;
  description?: string;
  scopes: string[];
  resource?: string;
  /** In ms since 1970; undefined: as late as the policy allows. */
  expiresAt?: number;
  allowedAddresses: string[];
}

/** The members of a JSON object and the columns of a CSV file, as the REST interface has them. */
export const TOKEN_FIELDS = [
  "owner",
  "token_hash",
  "name",
  "description",
  "scopes",
  "resource",
  "expires_at",
  "allowed_addresses",
];

/** Longest value of a text, in characters; the policy has its own limits. */
const MAX_LENGTH = 1000;
const MAX_ITEMS = 200;

export function toImportedToken(line: number, value: unknown): ImportedToken | ImportProblem {
  if (!isObject(value)) {
    return { line, code: "invalid_json", message: "The entry is not a JSON object." };
  }
  const user = typeof value.owner === "string" ? value.owner.slice(0, 254) : undefined;
  const problem = (message: string): ImportProblem => ({
    line,
    user,
    code: "invalid_field",
    message,
  });
  const unknown = Object.keys(value).find((field) => !TOKEN_FIELDS.includes(field));
  if (unknown !== undefined) {
    return {
      line,
      user,
      code: "unknown_field",
      message: `Unknown field ${JSON.stringify(unknown.slice(0, 60))}. The fields are ` +
        `${TOKEN_FIELDS.join(", ")}.`,
    };
  }
  for (const field of ["owner", "token_hash", "name", "description", "resource"]) {
    const text = value[field] ?? "";
    if (typeof text !== "string" || text.length > MAX_LENGTH) {
      return problem(`The field ${field} must be text of at most ${MAX_LENGTH} characters.`);
    }
  }
  const text = (field: string) => (value[field] as string | undefined | null) || undefined;
  const owner = text("owner");
  if (owner === undefined) {
    return problem(
      "The token has no owner. Add the address of a user or the name of a service account.",
    );
  }
  const hash = decodeHash(text("token_hash") ?? "");
  if (hash === undefined) {
    return problem("The field token_hash must have the hash of the token, in hex or Base64.");
  }
  const expiresAt = readTime(value.expires_at);
  if (expiresAt === null) {
    return problem("The field expires_at must be a date, such as 2027-01-31T12:00:00Z.");
  }
  const [scopes, allowedAddresses] = [value.scopes, value.allowed_addresses].map(readList);
  if (scopes === undefined || allowedAddresses === undefined) {
    const field = scopes === undefined ? "scopes" : "allowed_addresses";
    return problem(`The field ${field} must be a list of at most ${MAX_ITEMS} texts.`);
  }
  return {
    line,
    owner,
    hash,
    name: text("name"),
    description: text("description"),
    scopes,
    resource: text("resource"),
    expiresAt,
    allowedAddresses,
  };
}

/** In hex; undefined if it is neither hex nor Base64, of a hash of 32 or 64 bytes. */
function decodeHash(text: string): string | undefined {
  if (/^(?:[0-9a-f]{64}|[0-9a-f]{128})$/i.test(text)) return text.toLowerCase();
  if (!/^[\w+/-]{43,88}={0,2}$/.test(text)) return undefined;
  const bytes = Buffer.from(text, "base64");
  return bytes.length === 32 || bytes.length === 64 ? bytes.toString("hex") : undefined;
}

/** In ms since 1970; undefined: none; null: not valid. */
function readTime(value: unknown): number | undefined | null {
  if (value === undefined || value === null || value === "") return undefined;
  const time = typeof value === "string" && value.length <= 40 ? Date.parse(value) : NaN;
  return time <= LAST_TIME ? time : null;
}

/** A text, as CSV has it, separates items by spaces. */
function readList(value: unknown): string[] | undefined {
  if (value === undefined || value === null) return [];
  const list = typeof value === "string"
    ? splitScope(value.replaceAll(/[;,]/g, " ").trim())
    : value;
  if (!Array.isArray(list) || list.length > MAX_ITEMS) return undefined;
  return list.every((item) => typeof item === "string" && item.length <= MAX_LENGTH)
    ? list
    : undefined;
}
