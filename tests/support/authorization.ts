/** Logins in the browser, from the client's side: the request, the decision and the redemption. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { brand } from "../../shared/brand.ts";
import { AUTHORIZATION_CODE_GRANT } from "../../shared/oauth/grant_types.ts";
import type { Shown, Visitor } from "./page_visitor.ts";
import type { Answer, TestServer } from "./test_server.ts";

export const LOOPBACK = "http://127.0.0.1:51004/callback";
export const VERIFIER = "v".repeat(43);
const CHALLENGE = createHash("sha256").update(VERIFIER).digest("base64url");

/** What the parameters of a test are changed to; undefined leaves one out. */
export type Changes = Record<string, string | undefined>;

/** The path of an authorization request. */
export function requestPath(changes: Changes = {}): string {
  const parameters: Changes = {
    response_type: "code",
    client_id: brand.cliClientId,
    redirect_uri: LOOPBACK,
    scope: "openid profile email offline_access",
    state: "a state/&",
    code_challenge: CHALLENGE,
    code_challenge_method: "S256",
    ...changes,
  };
  const present = Object.entries(parameters).filter(([, value]) => value !== undefined);
  return `/oauth/authorize?${new URLSearchParams(present as [string, string][])}`;
}

/** A verifier with its challenge (RFC 7636 section 4). */
export function pkce(): { verifier: string; challenge: string } {
  const verifier = randomBytes(32).toString("base64url");
  return { verifier, challenge: createHash("sha256").update(verifier).digest("base64url") };
}

/** Where a page sends the browser, with a redirect or a page that leaves. */
export function destination({ location, html, text }: Shown): URL {
  const refresh = /<meta http-equiv="refresh" content="0; url=([^"]*)"/.exec(html)?.[1];
  const target = location ?? refresh?.replaceAll("&amp;", "&");
  assert.ok(target, `the browser stays: ${text}`);
  return new URL(target, "http://here.invalid");
}

/** Requests a login and decides it; returns the response that the client gets. */
export async function decide(
  browser: Visitor,
  changes: Changes = {},
  decision: "approve" | "deny" = "approve",
): Promise<URLSearchParams> {
  const page = await browser.get(requestPath(changes));
  assert.equal(page.page, "consent", page.text);
  const left = await browser.submit("/consent", { decision });
  return destination(left).searchParams;
}

export function redeem(
  server: TestServer,
  code: string | null,
  changes: Changes = {},
): Promise<Answer> {
  const form: Changes = {
    grant_type: AUTHORIZATION_CODE_GRANT,
    client_id: brand.cliClientId,
    code: code ?? undefined,
    redirect_uri: LOOPBACK,
    code_verifier: VERIFIER,
    ...changes,
  };
  const present = Object.entries(form).filter(([, value]) => value !== undefined);
  return server.post("/oauth/token", Object.fromEntries(present) as Record<string, string>);
}
