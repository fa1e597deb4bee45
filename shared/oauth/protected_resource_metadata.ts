/** Metadata of a protected resource (RFC 9728 section 2). */
export interface ProtectedResourceMetadata {
  resource: string;
  authorization_servers: string[];
  scopes_supported: string[];
  bearer_methods_supported: ("header" | "body" | "query")[];
  resource_name: string;
}
