import { Buffer } from "node:buffer";
import { parseCryptScrypt } from "./crypt_scrypt.ts";
import type { ParsedHash, Pbkdf2Hash } from "./parsed_hash.ts";

/** Longest hash, in characters. */
const MAX_LENGTH = 512;

/**
 * Parses a PHC string or a modular crypt string, also as passlib, Django and Werkzeug write them.
 * Undefined if the kind is unknown or the text is malformed.
 */
export function parseHash(text: string): ParsedHash | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  return parseBcrypt(text) ?? parseArgon2(text) ?? parseScrypt(text) ?? parseCryptScrypt(text) ??
    parsePbkdf2(text) ?? parseDjangoPbkdf2(text) ?? parseWerkzeug(text);
}

function parseBcrypt(text: string): ParsedHash | undefined {
  const match = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(text);
  return match === null ? undefined : { kind: "bcrypt", cost: Number(match[1]), text };
}

function parseArgon2(text: string): ParsedHash | undefined {
  const match =
    /^\$(argon2id|argon2i)(?:\$v=(\d{1,3}))?\$m=(\d{1,9}),t=(\d{1,9}),p=(\d{1,9})\$([\w+/-]+)\$([\w+/-]+)$/
      .exec(text);
  if (match === null) return undefined;
  const [, type, version = "16", memory, passes, parallelism, salt, key] = match;
  if (version !== "16" && version !== "19") return undefined;
  return {
    kind: "argon2",
    type: type === "argon2id" ? "argon2id" : "argon2i",
    version: Number(version),
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    salt: Buffer.from(salt, "base64"),
    key: Buffer.from(key, "base64"),
  };
}

function parseScrypt(text: string): ParsedHash | undefined {
  const match =
    /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,4}),p=(\d{1,4})\$([\w+/-]+)={0,2}\$([\w+/-]+)={0,2}$/.exec(
      text,
    );
  if (match === null) return undefined;
  const [log2N, r, p] = match.slice(1, 4).map(Number);
  const [salt, key] = match.slice(4).map((part) => Buffer.from(part, "base64"));
  return { kind: "scrypt", log2N, r, p, salt, key };
}

/** `$pbkdf2-sha256$i=…` is the PHC form, `$pbkdf2-sha256$…` that of passlib. */
function parsePbkdf2(text: string): ParsedHash | undefined {
  const match =
    /^\$pbkdf2(?:-(sha1|sha256|sha512))?\$(?:i=)?(\d{1,9})(?:,l=\d{1,4})?\$([\w.+/-]+)={0,2}\$([\w.+/-]+)={0,2}$/
      .exec(text);
  if (match === null) return undefined;
  const [, digest = "sha1", iterations, salt, key] = match;
  return {
    kind: "pbkdf2",
    digest: digest as Pbkdf2Hash["digest"],
    iterations: Number(iterations),
    salt: adaptedBase64(salt),
    key: adaptedBase64(key),
  };
}

/** passlib writes a dot in place of the plus. */
function adaptedBase64(text: string): Buffer {
  return Buffer.from(text.replaceAll(".", "+"), "base64");
}

/** `pbkdf2_sha256$iterations$salt$key`, whose salt is text. */
function parseDjangoPbkdf2(text: string): ParsedHash | undefined {
  const match = /^pbkdf2_(sha1|sha256)\$(\d{1,9})\$([^$]+)\$([\w+/-]+)={0,2}$/.exec(text);
  if (match === null) return undefined;
  const [, digest, iterations, salt, key] = match;
  return {
    kind: "pbkdf2",
    digest: digest as Pbkdf2Hash["digest"],
    iterations: Number(iterations),
    salt: Buffer.from(salt),
    key: Buffer.from(key, "base64"),
  };
}

/** `pbkdf2:sha256:iterations$salt$key` and `scrypt:N:r:p$salt$key`: the salt is text, the key hex. */
function parseWerkzeug(text: string): ParsedHash | undefined {
  const match =
    /^(?:pbkdf2:(sha1|sha256|sha512):(\d{1,9})|scrypt:(\d{1,9}):(\d{1,4}):(\d{1,4}))\$([^$]+)\$([0-9a-f]+)$/
      .exec(text);
  if (match === null) return undefined;
  const [, digest, iterations, cost, r, p, saltText, keyText] = match;
  const [salt, key] = [Buffer.from(saltText), Buffer.from(keyText, "hex")];
  if (digest !== undefined) {
    const iterationCount = Number(iterations);
    return {
      kind: "pbkdf2",
      digest: digest as Pbkdf2Hash["digest"],
      iterations: iterationCount,
      salt,
      key,
    };
  }
  const log2N = Math.log2(Number(cost));
  if (!Number.isInteger(log2N)) return undefined;
  return { kind: "scrypt", log2N, r: Number(r), p: Number(p), salt, key };
}
