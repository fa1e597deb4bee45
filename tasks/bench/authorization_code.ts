/** An authorization request with PKCE, and the redemption of its code. */
import { createHash } from "node:crypto";

/** Of all contenders: nothing listens there. */
export const REDIRECT_URI = "http://127.0.0.1:1/callback";
const VERIFIER = "v".repeat(43);

export interface CodeClient {
  authorizationUrl: string;
  tokenUrl: string;
  clientId: string;
  scope: string;
}

/** What the browser opens. */
export function authorizationUrl(
  { authorizationUrl, clientId, scope }: CodeClient,
  more: Record<string, string> = {},
): string {
  const query = new URLSearchParams({
    response_type: "code",
    client_id: clientId,
    redirect_uri: REDIRECT_URI,
    scope,
    state: "state-of-the-client",
    code_challenge: createHash("sha256").update(VERIFIER).digest("base64url"),
    code_challenge_method: "S256",
    ...more,
  });
  return `${authorizationUrl}?${query}`;
}

/** The code that a redirect brings; throws if there is none. */
export function codeOf(redirect: string | URL | null): string {
  const code = redirect === null ? null : URL.parse(redirect)?.searchParams.get("code") ?? null;
  if (code === null) throw new Error(`no code: ${redirect}`);
  return code;
}

export interface Tokens {
  access_token: string;
  refresh_token?: string;
}

export async function redeem({ tokenUrl, clientId }: CodeClient, code: string): Promise<Tokens> {
  const response = await fetch(tokenUrl, {
    method: "POST",
    signal: AbortSignal.timeout(30_000),
    body: new URLSearchParams({
      grant_type: "authorization_code",
      client_id: clientId,
      code,
      redirect_uri: REDIRECT_URI,
      code_verifier: VERIFIER,
    }),
  });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${tokenUrl}: ${response.status} ${text}`);
  return JSON.parse(text);
}
