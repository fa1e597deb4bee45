import { Buffer } from "node:buffer";
import { brand } from "../../shared/brand.ts";
import { listText, valueText } from "../../shared/list_text.ts";
import { DomainError } from "../domain_error.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import {
  countTokensOfFormats,
  deleteTokenFormat,
  findTokenFormat,
  insertTokenFormat,
  listTokenFormats,
  MAX_TOKEN_FORMATS,
} from "../store/token_formats.ts";
import { compileFormat, isKeyed, TOKEN_HASHES, type TokenHash } from "../tokens/token_format.ts";
import type { Empty, Operation } from "./operation.ts";

const NAME = /^[a-z0-9][a-z0-9_-]{0,30}$/;
const MAX_PATTERN_LENGTH = 200;
/** Of the key of an HMAC, in bytes. A shorter one could be guessed with a token and its hash. */
const KEY_LENGTHS = { min: 16, max: 1024 };

/** Adds a format of tokens of another system, for importTokens. `key` is in Base64. */
export const addTokenFormat: Operation<
  { name: string; pattern: string; hash: string; key?: string },
  Empty | DomainError
> = async (deps, { name, pattern, hash, key: encodedKey }) => {
  const { sql, clock, encryption, actor = "operator" } = deps;
  if (!NAME.test(name)) {
    return new DomainError(
      "invalid",
      `${valueText(name)} is not a valid name. Use up to 31 lower-case letters, digits and _ -`,
      { field: "name" },
    );
  }
  if (!isTokenHash(hash)) {
    return new DomainError(
      "invalid",
      `The hash must be one of ${listText(TOKEN_HASHES, "none")}.`,
      {
        field: "hash",
      },
    );
  }
  const key = encodedKey === undefined ? undefined : Buffer.from(encodedKey, "base64");
  if (isKeyed(hash) !== (key !== undefined)) {
    const message = isKeyed(hash)
      ? `The hash ${hash} needs the key of the HMAC.`
      : `The hash ${hash} has no key.`;
    return new DomainError("invalid", message, { field: "key" });
  }
  if (key !== undefined && (key.length < KEY_LENGTHS.min || key.length > KEY_LENGTHS.max)) {
    return new DomainError(
      "invalid",
      `The key has ${key.length} bytes, and must have from ${KEY_LENGTHS.min} to ` +
        `${KEY_LENGTHS.max}.`,
      { field: "key" },
    );
  }
  const problem = await patternProblem(pattern);
  if (problem !== undefined) return new DomainError("invalid", problem, { field: "pattern" });
  return await sql.begin(async (tx) => {
    const isInserted = await insertTokenFormat(tx, {
      name,
      pattern,
      hash,
      key: key && encryption.encrypt(key, { column: "token_formats.hash_key", row: name }),
      createdAt: new Date(clock.now()),
    });
    if (!isInserted) {
      return new DomainError(
        "conflict",
        await findTokenFormat(tx, name) === undefined
          ? `There are ${MAX_TOKEN_FORMATS} formats, and there can be no more. Remove one first.`
          : `A format ${name} exists already. Choose another name.`,
        { field: "name" },
      );
    }
    await recordAuditEvent(tx, clock, {
      event: "token_format.created",
      actor,
      subject: name,
      details: { pattern, hash },
    });
    return {};
  }) as Empty | DomainError;
};

function isTokenHash(hash: string): hash is TokenHash {
  return TOKEN_HASHES.some((known) => known === hash);
}

async function patternProblem(pattern: string): Promise<string | undefined> {
  if (pattern.length === 0 || pattern.length > MAX_PATTERN_LENGTH) {
    return `The pattern must have from 1 to ${MAX_PATTERN_LENGTH} characters.`;
  }
  try {
    const format = await compileFormat({ name: "", pattern, hash: "sha256" });
    // It would match everything that is sent as a token, JWTs included.
    const isBroad = ["0123456789abcdefghij", "eyJ0eXAiOiJKV1QifQ.eyJhIjoxfQ.c2lnbmF0dXJl"]
      .some((text) => format.matches(text));
    return isBroad
      ? "The pattern matches other texts too. Add what the tokens start with, such as acme_, or " +
        "their exact length and characters."
      : undefined;
  } catch (error) {
    return `The pattern is not a valid RE2 expression: ${(error as Error).message.slice(0, 200)}.`;
  }
}

export interface ListedTokenFormat {
  name: string;
  pattern: string;
  hash: TokenHash;
  /** Active ones. */
  tokens: number;
  createdAt: string;
}

export const listAllTokenFormats: Operation<Empty, ListedTokenFormat[]> = async (
  { sql, clock },
) => {
  const counts = await countTokensOfFormats(sql, new Date(clock.now()));
  return (await listTokenFormats(sql)).map(({ name, pattern, hash, createdAt }) => ({
    name,
    pattern,
    hash,
    tokens: counts.get(name) ?? 0,
    createdAt: createdAt.toISOString(),
  }));
};

/** Removes a format: its tokens are not recognized any more. */
export const removeTokenFormat: Operation<
  { name: string; force?: boolean },
  { tokens: number } | DomainError
> = async ({ sql, clock, actor = "operator" }, { name, force = false }) => {
  return await sql.begin(async (tx) => {
    if (!await deleteTokenFormat(tx, name)) return noSuchTokenFormat(name);
    const tokens = (await countTokensOfFormats(tx, new Date(clock.now()))).get(name) ?? 0;
    if (tokens > 0 && !force) throw new FormatInUse(tokens);
    await recordAuditEvent(tx, clock, {
      event: "token_format.removed",
      actor,
      subject: name,
      details: { tokens },
    });
    return { tokens };
  }).catch((error) => {
    if (!(error instanceof FormatInUse)) throw error;
    return new DomainError(
      "conflict",
      `The format ${name} has ${error.tokens} active tokens, which would not work any more. To ` +
        "remove it anyway, use --force.",
    );
  }) as { tokens: number } | DomainError;
};

class FormatInUse extends Error {
  constructor(readonly tokens: number) {
    super();
  }
}

export function noSuchTokenFormat(name: string): DomainError {
  return new DomainError(
    "not_found",
    `There is no format ${valueText(name)}. To add one, run: ${brand.binaryName} admin ` +
      "token-format add",
    { field: "format" },
  );
}
