import { managementResource } from "../../shared/management.ts";
import type { ServerConfig } from "../config/server_config.ts";

/** What an access token is for: the operator's API, or our own management interface. */
export type Resource = "api" | "management";

/** What the identifiers of resources depend on. */
export interface ResourceConfig {
  config: Pick<ServerConfig, "audience">;
  issuer: string;
}

/** The resource's identifier (RFC 8707 section 2), which is the `aud` of its access tokens. */
export function audienceOf({ config, issuer }: ResourceConfig, resource: Resource): string {
  return resource === "management" ? managementResource(issuer) : config.audience ?? issuer;
}
