/** A token for the management interface, approved in a browser, over HTTP as any client does it. */
import assert from "node:assert/strict";
import { brand } from "../../shared/brand.ts";
import { DEVICE_CODE_GRANT } from "../../shared/oauth/grant_types.ts";
import { MANAGEMENT_SCOPES, managementResource } from "../../shared/management.ts";
import type { Person } from "./approver.ts";

/** `scopes` of the API may be given to tokens; every management permission is asked for. */
export async function managementToken(
  issuer: string,
  who: Person,
  scopes: readonly string[],
): Promise<string> {
  const post = async (path: string, form: Record<string, string>) => {
    const response = await fetch(`${issuer}${path}`, {
      method: "POST",
      body: new URLSearchParams({ client_id: brand.cliClientId, ...form }),
    });
    const body = await response.json();
    assert.equal(response.status, 200, JSON.stringify(body));
    return body;
  };
  const scope = [...Object.values(MANAGEMENT_SCOPES), ...scopes].join(" ");
  const started = await post("/oauth/device/authorize", {
    scope,
    resource: managementResource(issuer),
  });
  await who.decide(started.user_code, "approve");
  const { access_token } = await post("/oauth/token", {
    grant_type: DEVICE_CODE_GRANT,
    device_code: started.device_code,
  });
  return access_token;
}
