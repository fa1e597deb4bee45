import { createHash } from "node:crypto";
import type { RegisteredResource } from "../resources/resource.ts";

/** Changes whenever the resource does: a form that has it is not applied to a changed one. */
export function resourceVersion(resource: RegisteredResource): string {
  const { name, title, scopes, accessTokenLifetime, signingAlgorithm, claims } = resource;
  const members = [name, title, scopes, accessTokenLifetime, signingAlgorithm, claims];
  return createHash("sha256").update(JSON.stringify(members)).digest("base64url").slice(0, 22);
}
