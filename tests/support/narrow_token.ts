import assert from "node:assert/strict";
import { brand } from "../../shared/brand.ts";
import { TOKEN_EXCHANGE_GRANT } from "../../shared/oauth/grant_types.ts";
import { ACCESS_TOKEN_TYPE, REFRESH_TOKEN_TYPE } from "../../shared/oauth/token_types.ts";
import type { TestServer } from "./test_server.ts";

/** A narrow token for a login, by its refresh token, or for an access token of it. */
export async function narrowToken(
  server: Pick<TestServer, "post">,
  subject: string,
  form: Record<string, string> = {},
): Promise<string> {
  const isLogin = subject.startsWith(brand.tokenPrefixes.refreshToken);
  const answer = await server.post("/oauth/token", {
    grant_type: TOKEN_EXCHANGE_GRANT,
    client_id: brand.cliClientId,
    subject_token_type: isLogin ? REFRESH_TOKEN_TYPE : ACCESS_TOKEN_TYPE,
    subject_token: subject,
    ...form,
  });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body.access_token;
}
