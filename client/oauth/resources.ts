/** The resources of the server (RFC 8707), by the names that users give them. */
import { valueText } from "../../shared/list_text.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import { ClientError } from "../errors.ts";
import type { AuthorizationServer } from "./discovery.ts";

/** A resource as the server's metadata has it. */
export interface ServerResource {
  name: string;
  /** The `aud` of its access tokens. */
  identifier: string;
  scopes: readonly string[];
}

/** Our extension of the metadata: those with another form are left out. */
export function resourcesIn(value: unknown): ServerResource[] {
  if (!Array.isArray(value)) return [];
  return value.map(Object).filter(({ name, identifier }) =>
    typeof name === "string" && typeof identifier === "string"
  ).map(({ name, identifier, scopes_supported: scopes }) => ({
    name,
    identifier,
    scopes: isTextList(scopes) ? scopes : [],
  }));
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

type ResourceServer = Pick<AuthorizationServer, "issuer" | "resources">;

/**
 * The resources that a login requests: those that `--for` names, and the default one, which is what
 * commands without `--for` use. Throws ClientError for an unknown one.
 */
export function loginResources(
  server: ResourceServer,
  names: readonly string[],
): ServerResource[] {
  const named = names.map((name) => findResource(server, name));
  const standard = (server.resources ?? []).filter(({ name }) => name === "default");
  return [...new Set([...standard, ...named])];
}

/** The identifier of the resource that `--for` names. Throws ClientError for an unknown one. */
export function resourceIdentifier(server: ResourceServer, nameOrIdentifier: string): string {
  return findResource(server, nameOrIdentifier).identifier;
}

/** The resource that `--for` names. Throws ClientError for an unknown one. */
export function findResource(
  { issuer, resources = [] }: ResourceServer,
  nameOrIdentifier: string,
): ServerResource {
  const known = resources.find(({ name }) => name === nameOrIdentifier) ??
    resources.find(({ identifier }) => isSameAddress(identifier, nameOrIdentifier));
  if (known !== undefined) return known;
  const names = resources.map(({ name }) => sanitizeLine(name)).join(", ");
  throw new ClientError(
    "unknown_resource",
    `${issuer} has no resource ${valueText(nameOrIdentifier)}. ` +
      (names === ""
        ? "It issues tokens for one API: leave out --for."
        : `Its resources: ${names}.`),
  );
}

/** RFC 3986 section 6.2.3: an address without a path has the path `/`. */
function isSameAddress(identifier: string, text: string): boolean {
  return identifier === text ||
    URL.canParse(identifier) && URL.canParse(text) &&
      new URL(identifier).href === new URL(text).href;
}

/** Throws ClientError for a scope of a resource that is not requested: `--for` names it. */
export function checkScopesOfResources(
  { resources = [] }: ResourceServer,
  scopes: readonly string[],
  requested: readonly string[],
): void {
  for (const { name, identifier, scopes: declared } of resources) {
    if (name === "default" || requested.includes(identifier)) continue;
    const scope = scopes.find((scope) => declared.includes(scope));
    if (scope === undefined) continue;
    const owner = sanitizeLine(name);
    throw new ClientError(
      "unknown_scope",
      `The scope ${sanitizeLine(scope)} belongs to the resource ${owner}. ` +
        `To request it, add --for ${owner}.`,
    );
  }
}
