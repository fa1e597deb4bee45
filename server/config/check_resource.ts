import { isManagementScope } from "../../shared/management.ts";
import { MAX_SCOPE_LENGTH } from "../../shared/oauth/scope.ts";
import {
  DEFAULT_RESOURCE,
  MANAGEMENT_RESOURCE,
  type RegisteredResource,
  RESOURCE_CLAIMS,
  type ResourceClaim,
} from "../resources/resource.ts";
import { STANDARD_SCOPE_NAMES } from "./builtin_scopes.ts";
import { isLoopbackHost } from "./parsers.ts";
import { SIGNING_ALGORITHMS, type SigningAlgorithm } from "./settings/tokens.ts";

/** What is wrong with a resource, and with which part of it. */
export interface ResourceProblem {
  field: keyof RegisteredResource;
  message: string;
}

/** Names are part of URLs and commands. */
const NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/;
const RESERVED_NAMES = [DEFAULT_RESOURCE, MANAGEMENT_RESOURCE];
/** In characters: it is in every access token, which must stay small. */
const MAX_IDENTIFIER_LENGTH = 200;
const MAX_TITLE_LENGTH = 100;
/** Seconds, the same as of clients. */
const MIN_LIFETIME = 60;
const MAX_LIFETIME = 86_400;

/** Checks what does not depend on other resources. */
export function checkResource(resource: RegisteredResource): ResourceProblem | undefined {
  const problem = checkName(resource.name) ?? checkIdentifier(resource.identifier);
  if (problem !== undefined) return problem;
  const { title, accessTokenLifetime: lifetime } = resource;
  // Control characters and those that change the direction of text.
  if (title !== undefined && (!/^[^\p{C}\p{Zl}\p{Zp}]+$/u.test(title) || title.trim() === "")) {
    return { field: "title", message: "The title must be visible text on one line." };
  }
  if (title !== undefined && title.length > MAX_TITLE_LENGTH) {
    return { field: "title", message: `The title has at most ${MAX_TITLE_LENGTH} characters.` };
  }
  const reserved = resource.scopes.find(({ name }) =>
    isManagementScope(name) || STANDARD_SCOPE_NAMES.includes(name)
  );
  if (reserved !== undefined) {
    return {
      field: "scopes",
      message: `The scope "${reserved.name}" is one of every server. Choose another name.`,
    };
  }
  const long = resource.scopes.find(({ name }) => name.length > MAX_SCOPE_LENGTH);
  if (long !== undefined) {
    return {
      field: "scopes",
      message: `The name of a scope has at most ${MAX_SCOPE_LENGTH} characters.`,
    };
  }
  if (lifetime !== undefined && !(lifetime >= MIN_LIFETIME && lifetime <= MAX_LIFETIME)) {
    return {
      field: "accessTokenLifetime",
      message: "The lifetime of access tokens must be between 1 minute and 24 hours.",
    };
  }
  return undefined;
}

function checkName(name: string): ResourceProblem | undefined {
  if (RESERVED_NAMES.includes(name)) {
    return {
      field: "name",
      message: `"${name}" is a resource of every server. Choose another name.`,
    };
  }
  return NAME.test(name) ? undefined : {
    field: "name",
    message:
      `"${name}" is not a valid name. Use up to 64 lowercase letters, digits and the characters ` +
      "_ -, and start with a letter or a digit.",
  };
}

/**
 * RFC 8707 section 2: an absolute URI without a fragment. It should have no query (RFC 9728 section
 * 1.2), and is a https URL, which clients compare with the one that they call.
 */
function checkIdentifier(identifier: string): ResourceProblem | undefined {
  const reject = (message: string) => ({ field: "identifier", message } as const);
  const url = URL.parse(identifier);
  if (url === null || !["https:", "http:"].includes(url.protocol)) {
    return reject(
      "The identifier must be the https URL of the API, such as https://orders.example.com.",
    );
  }
  if (url.protocol === "http:" && !isLoopbackHost(url.hostname)) {
    return reject("The identifier must use https. Only loopback addresses may use http.");
  }
  if (url.username !== "" || url.password !== "" || /[?#]/.test(identifier)) {
    return reject("The identifier must not have a user, a query or a fragment.");
  }
  // As clients write it: with a lower-case host, without spaces or a default port.
  if (url.href !== identifier && url.href !== `${identifier}/`) {
    return reject(`The identifier must be written as ${url.href.slice(0, 250)}`);
  }
  return identifier.length <= MAX_IDENTIFIER_LENGTH
    ? undefined
    : reject(`The identifier has at most ${MAX_IDENTIFIER_LENGTH} characters.`);
}

/** What other resources and the server itself use already. */
export interface TakenNames {
  names: readonly string[];
  identifiers: readonly string[];
  /** Each with the resource that declares it; undefined: the default one. */
  scopes: readonly { name: string; resource?: string }[];
}

/** Checks that a resource shares nothing with another one. */
export function checkDistinct(
  { name, identifier, scopes }: RegisteredResource,
  taken: TakenNames,
): ResourceProblem | undefined {
  if (taken.names.includes(name)) {
    return {
      field: "name",
      message: `There is already a resource ${name}. Choose another name.`,
    };
  }
  const isSame = (other: string) => withoutSlash(other) === withoutSlash(identifier);
  if (taken.identifiers.some(isSame)) {
    return {
      field: "identifier",
      message: `Another resource has the identifier ${identifier}. Each API needs its own.`,
    };
  }
  for (const scope of scopes) {
    const other = taken.scopes.find((known) => known.name === scope.name);
    if (other === undefined) continue;
    return {
      field: "scopes",
      message: `The scope "${scope.name}" belongs to the resource ` +
        `${other.resource ?? DEFAULT_RESOURCE} already. Scopes are unique on a server: name it ` +
        `${name}:${scope.name}, for example.`,
    };
  }
  return undefined;
}

function withoutSlash(identifier: string): string {
  return identifier.endsWith("/") ? identifier.slice(0, -1) : identifier;
}

export function isResourceClaim(value: unknown): value is ResourceClaim {
  return RESOURCE_CLAIMS.some((claim) => claim === value);
}

export function isSigningAlgorithm(value: unknown): value is SigningAlgorithm {
  return SIGNING_ALGORITHMS.some((algorithm) => algorithm === value);
}
