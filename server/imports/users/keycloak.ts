import { Buffer } from "node:buffer";
import { DomainError } from "../../domain_error.ts";
import { checkedHash } from "../../security/imported_hash/import_hash.ts";
import type { ParsedHash } from "../../security/imported_hash/parsed_hash.ts";
import type { ImportProblem } from "../problem.ts";
import type { UserFields } from "./imported_user.ts";
import { isObject } from "./own_format.ts";

/** A user of a Keycloak realm export, whose groups are paths. */
export function readKeycloak(line: number, value: unknown): UserFields | ImportProblem {
  if (!isObject(value)) {
    return { line, code: "invalid_json", message: "The entry is not a JSON object." };
  }
  const { id, username, email, firstName, lastName, emailVerified, enabled, groups } = value;
  const passwordHash = passwordOf(value.credentials);
  if (passwordHash instanceof DomainError) {
    return { line, code: "unsupported_hash", message: passwordHash.message };
  }
  const name = [firstName, lastName].filter((part) => typeof part === "string" && part !== "");
  return {
    id,
    email,
    name: name.join(" ") || username,
    passwordHash,
    emailVerified,
    disabled: enabled === false,
    groups: Array.isArray(groups) ? groups.map(groupName) : groups,
  };
}

/** `/staff/deployers` is `deployers`. */
function groupName(path: unknown): unknown {
  return typeof path === "string" ? path.slice(path.lastIndexOf("/") + 1) : path;
}

/** As it is stored; undefined if the user has none. One-time passwords and keys are not imported. */
function passwordOf(credentials: unknown): string | undefined | DomainError {
  if (!Array.isArray(credentials)) return undefined;
  const password = credentials.filter(isObject).find(({ type }) => type === "password");
  if (password === undefined) return undefined;
  const secret = parseData(password.secretData);
  const data = parseData(password.credentialData);
  const hash = parseCredential(secret, data);
  return hash === undefined
    ? new DomainError(
      "invalid",
      `The password has the algorithm ${JSON.stringify(String(data.algorithm).slice(0, 40))}, ` +
        "which is not supported, or is incomplete. Remove its credentials, and send the user a " +
        "link to choose a password.",
    )
    : checkedHash(hash);
}

/** Both are JSON within JSON. */
function parseData(data: unknown): Record<string, unknown> {
  try {
    const value = typeof data === "string" ? JSON.parse(data) : data;
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

const PBKDF2_DIGESTS: Record<string, "sha1" | "sha256" | "sha512"> = {
  pbkdf2: "sha1",
  "pbkdf2-sha256": "sha256",
  "pbkdf2-sha512": "sha512",
};

function parseCredential(
  secret: Record<string, unknown>,
  { algorithm, hashIterations, additionalParameters }: Record<string, unknown>,
): ParsedHash | undefined {
  if (typeof secret.value !== "string" || typeof secret.salt !== "string") return undefined;
  if (typeof hashIterations !== "number" || !Number.isInteger(hashIterations)) return undefined;
  const [salt, key] = [secret.salt, secret.value].map((text) => Buffer.from(text, "base64"));
  const digest = typeof algorithm === "string" && Object.hasOwn(PBKDF2_DIGESTS, algorithm)
    ? PBKDF2_DIGESTS[algorithm]
    : undefined;
  if (digest !== undefined) {
    return { kind: "pbkdf2", digest, iterations: hashIterations, salt, key };
  }
  if (algorithm !== "argon2" || !isObject(additionalParameters)) return undefined;
  const parameter = (name: string) => {
    const values = additionalParameters[name];
    return Array.isArray(values) ? values[0] : values;
  };
  const type = parameter("type");
  if (type !== "id" && type !== "i") return undefined;
  if (parameter("version") !== "1.3") return undefined;
  const [memory, parallelism] = [parameter("memory"), parameter("parallelism")].map(Number);
  if (!Number.isInteger(memory) || !Number.isInteger(parallelism)) return undefined;
  return {
    kind: "argon2",
    type: type === "id" ? "argon2id" : "argon2i",
    version: 19,
    memory,
    passes: hashIterations,
    parallelism,
    salt,
    key,
  };
}
