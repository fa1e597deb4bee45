import { createHash, createHmac } from "node:crypto";

/** How a system hashes the tokens that it stores. */
export const TOKEN_HASHES = ["sha256", "sha512", "hmac-sha256", "hmac-sha512"] as const;
export type TokenHash = typeof TOKEN_HASHES[number];

export function isKeyed(hash: TokenHash): hash is "hmac-sha256" | "hmac-sha512" {
  return hash.startsWith("hmac-");
}

/** In bytes. */
export function hashLength(hash: TokenHash): number {
  return hash.endsWith("512") ? 64 : 32;
}

/** Tokens of another system: what they look like, and how they are hashed. */
export interface TokenFormat {
  name: string;
  /** A regular expression (RE2) for the whole token. */
  pattern: string;
  hash: TokenHash;
  /** Of an HMAC. */
  key?: Uint8Array;
}

/**
 * Tokens of other lengths do not match: shorter ones could be guessed, and longer ones cost time with
 * each request. In characters.
 */
export const MIN_TOKEN_LENGTH = 20;
const MAX_TOKEN_LENGTH = 512;

export interface CompiledFormat {
  name: string;
  matches(token: string): boolean;
  /** In hex. */
  hash(token: string): string;
}

/**
 * Compiles a format. RE2 takes linear time for every pattern and token, which `RegExp` does not.
 * Throws an error of the library for a pattern that is not valid, or too large.
 */
export async function compileFormat(format: TokenFormat): Promise<CompiledFormat> {
  const { RE2JS } = await import("re2js");
  const expression = RE2JS.compile(format.pattern);
  const algorithm = format.hash.endsWith("512") ? "sha512" : "sha256";
  return {
    name: format.name,
    matches: (token) =>
      token.length >= MIN_TOKEN_LENGTH && token.length <= MAX_TOKEN_LENGTH &&
      expression.matches(token),
    hash: (token) =>
      (isKeyed(format.hash)
        ? createHmac(algorithm, format.key ?? new Uint8Array())
        : createHash(algorithm)).update(token).digest("hex"),
  };
}

/** What every token of a pattern starts with, as far as it is literal: lists show it. */
export function literalPrefix(pattern: string): string {
  const [literal] = /^[\w-]*/.exec(pattern.replace(/^\^/, "")) ?? [""];
  const isRepeated = /^[?*{]/.test(pattern.replace(/^\^/, "").slice(literal.length));
  return (isRepeated || pattern.includes("|") ? "" : literal).slice(0, 12);
}
