/** An identity provider with which users sign in, on 127.0.0.1. It can go wrong as providers do. */
import { clientSecretPlace, seal } from "../../server/identity_providers/sealed_text.ts";
import assert from "node:assert/strict";
import { insertIdentityProvider } from "../../server/store/identity_providers.ts";
import type { IdentityProvider } from "../../server/store/identity_providers.ts";
import { type OidcIssuer, startIssuer } from "./oidc_issuer.ts";
import type { Shown, Visitor } from "./page_visitor.ts";
import type { TestServer } from "./test_server.ts";

const DISCOVERY = "/.well-known/openid-configuration";

export interface UpstreamProvider extends AsyncDisposable {
  issuer: OidcIssuer;
  /** What it says about the user who signs in. */
  claims: Record<string, unknown>;
  /** Members of the discovery document. */
  metadata: Record<string, unknown>;
  /** Of the token endpoint, besides the ID token. */
  tokens: Record<string, unknown>;
  /** Another body of the token endpoint. */
  tokenResponse?: (idToken: string) => Response | Promise<Response>;
  /** What the UserInfo endpoint adds. */
  userInfo: Record<string, unknown>;
  /**
   * The path of the callback to which the provider sends a browser that opens `authorizationUrl`.
   * `changes` are to the query.
   */
  authenticate(authorizationUrl: string, changes?: Record<string, string | null>): Promise<string>;
  /** The provider as the server has it. */
  add(server: TestServer, changes?: Partial<IdentityProvider>): Promise<IdentityProvider>;
}

export async function startUpstream(clock?: { now(): number }): Promise<UpstreamProvider> {
  const issuer = await startIssuer({ clock });
  const now = () => Math.floor((clock?.now() ?? Date.now()) / 1000);
  const upstream: UpstreamProvider = {
    issuer,
    claims: { sub: "alice-1", email: "alice@acme.com", email_verified: true, name: "Alice Acme" },
    metadata: {},
    tokens: {},
    userInfo: {},
    async authenticate(authorizationUrl, changes = {}) {
      const query = new URL(authorizationUrl).searchParams;
      const claims = { auth_time: now(), ...upstream.claims };
      const idToken = await issuer.sign({
        aud: query.get("client_id"),
        nonce: query.get("nonce"),
        ...claims,
      });
      issuer.answer("/token", () =>
        upstream.tokenResponse?.(idToken) ?? Response.json({
          access_token: "access",
          token_type: "Bearer",
          expires_in: 300,
          id_token: idToken,
          ...upstream.tokens,
        }));
      issuer.answer(
        "/userinfo",
        () => Response.json({ sub: upstream.claims.sub, ...upstream.userInfo }),
      );
      const callback = new URL(query.get("redirect_uri")!);
      const parameters = { code: "code", state: query.get("state"), iss: issuer.url, ...changes };
      for (const [name, value] of Object.entries(parameters)) {
        if (value !== null) callback.searchParams.set(name, value);
      }
      return callback.pathname + callback.search;
    },
    async add({ parts: { sql, clock, encryption } }, changes = {}) {
      const provider: IdentityProvider = {
        name: "acme",
        template: "generic",
        title: "Acme",
        issuer: issuer.url,
        clientId: "client",
        domains: ["acme.com"],
        required: false,
        trustsAddresses: false,
        firstSignIn: "allow",
        scopes: [],
        recheck: false,
        createdAt: new Date(clock.now()),
        ...changes,
      };
      const clientSecret = seal({ encryption }, "client secret", clientSecretPlace(provider.name));
      assert.ok(await insertIdentityProvider(sql, { ...provider, clientSecret }));
      return provider;
    },
    [Symbol.asyncDispose]: () => issuer[Symbol.asyncDispose](),
  };
  issuer.answer(DISCOVERY, () =>
    Response.json({
      issuer: issuer.url,
      authorization_endpoint: `${issuer.url}/authorize`,
      token_endpoint: `${issuer.url}/token`,
      userinfo_endpoint: `${issuer.url}/userinfo`,
      jwks_uri: `${issuer.url}/jwks`,
      response_types_supported: ["code"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["RS256"],
      authorization_response_iss_parameter_supported: true,
      ...upstream.metadata,
    }));
  return upstream;
}

/** Lets the server reach a provider on this machine. */
export function allowPrivateProviders(config: { privateIdentityProviders: boolean }): void {
  config.privateIdentityProviders = true;
}

/** Starts a sign-in with a button of the page that is shown; returns where the browser goes. */
export async function startAt(
  browser: Visitor,
  provider = "acme",
  fields: Record<string, string> = {},
): Promise<string> {
  return leavesTo(await browser.submit(`/signin/upstream/${provider}`, fields));
}

/** Where a page sends the browser at once. */
export function leavesTo(page: Shown): string {
  const [, url] = /http-equiv="refresh" content="0; url=([^"]*)"/.exec(page.html) ?? [];
  assert.ok(url, page.text);
  return url.replaceAll("&amp;", "&");
}
