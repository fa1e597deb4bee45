/** An API that introspects tokens, as a confidential client that the operator created. */
import assert from "node:assert/strict";
import type { IntrospectionResponse } from "../../shared/oauth/introspection_response.ts";
import type { Installation } from "./installation.ts";

export interface ApiClient {
  id: string;
  secret: string;
  /** RFC 7662 */
  introspect(token: string): Promise<IntrospectionResponse>;
}

export async function addApiClient(server: Installation): Promise<ApiClient> {
  const added = await server.operate(["admin", "client", "add", "an API"]);
  assert.equal(added.code, 0, added.stderr);
  const [, id] = /client_id: (\S+)/.exec(added.stderr) ?? [];
  const secret = added.stdout.trim();
  return {
    id,
    secret,
    async introspect(token) {
      const response = await fetch(`${server.issuer}/oauth/introspect`, {
        method: "POST",
        headers: { authorization: `Basic ${btoa(`${id}:${secret}`)}` },
        body: new URLSearchParams({ token }),
      });
      assert.equal(response.status, 200);
      return await response.json();
    },
  };
}
