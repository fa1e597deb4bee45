import * as client from "openid-client";
import { sanitizeLine } from "../../shared/sanitize.ts";
import { accountFromClaims, claimAt, type UpstreamAccount } from "./account.ts";
import { UpstreamFailure } from "./failure.ts";
import type {
  AccountCheck,
  AuthorizationOptions,
  ConnectionParameters,
  UpstreamClient,
} from "./protocol.ts";
import { toUpstreamFailure } from "./response_failure.ts";
import type { SignInSecrets } from "./sign_in_state.ts";
import { templateOf } from "./templates.ts";
import { upstreamFetch } from "./upstream_fetch.ts";

/**
 * Connects to a provider of OpenID Connect by its discovery document. Each response must be signed
 * with a key of the provider, although the connection is authenticated by TLS already (OpenID Connect
 * Core 1.0 section 3.1.3.7).
 */
export async function connectOpenId(
  parameters: ConnectionParameters,
): Promise<UpstreamClient | UpstreamFailure> {
  const { provider, clientSecret, clock } = parameters;
  const issuer = new URL(provider.issuer);
  const isLoopback = issuer.protocol === "http:";
  try {
    const config = await client.discovery(
      issuer,
      provider.clientId,
      // A test may set our clock.
      { [client.clockSkew]: Math.round((clock.now() - Date.now()) / 1000) },
      undefined,
      {
        [client.customFetch]: upstreamFetch(parameters),
        execute: [
          client.enableNonRepudiationChecks,
          ...isLoopback ? [client.allowInsecureRequests] : [],
        ],
      },
    );
    const metadata = config.serverMetadata();
    // OpenID Connect Discovery 1.0 section 4.3: exactly the same. openid-client accepts Entra's
    // placeholder for any tenant, and a slash at the end, with which later reports would be of another
    // issuer.
    if (metadata.issuer !== provider.issuer) {
      return new UpstreamFailure(
        "wrong_issuer",
        `The discovery document of ${provider.issuer} names the issuer ` +
          `${sanitizeLine(metadata.issuer)}. Add the provider with this issuer.`,
      );
    }
    const endpoint = metadata.authorization_endpoint ?? "";
    const isSafe = URL.canParse(endpoint) &&
      (new URL(endpoint).protocol === "https:" || isLoopback && endpoint.startsWith("http://"));
    if (!isSafe) {
      return new UpstreamFailure(
        "invalid_response",
        "The discovery document has no authorization_endpoint with https.",
      );
    }
    const authenticated = new client.Configuration(
      metadata,
      provider.clientId,
      { [client.clockSkew]: Math.round((clock.now() - Date.now()) / 1000) },
      clientAuthentication(metadata, clientSecret),
    );
    authenticated[client.customFetch] = upstreamFetch(parameters);
    client.enableNonRepudiationChecks(authenticated);
    if (isLoopback) client.allowInsecureRequests(authenticated);
    return new OpenIdClient(parameters, authenticated);
  } catch (error) {
    return toUpstreamFailure(error);
  }
}

/** RFC 8414 section 2: client_secret_basic if the document does not say. */
function clientAuthentication(
  { token_endpoint_auth_methods_supported: methods }: client.ServerMetadata,
  clientSecret: string,
): client.ClientAuth {
  const isBasic = methods === undefined || methods.includes("client_secret_basic");
  return isBasic ? client.ClientSecretBasic(clientSecret) : client.ClientSecretPost(clientSecret);
}

class OpenIdClient implements UpstreamClient {
  constructor(
    private readonly parameters: ConnectionParameters,
    private readonly config: client.Configuration,
  ) {}

  async authorizationUrl(
    { state, codeVerifier, nonce }: SignInSecrets,
    { redirectUri, fresh, maxAge, acr, loginHint }: AuthorizationOptions,
  ): Promise<URL> {
    const { provider } = this.parameters;
    const template = templateOf(provider);
    const acrValues = acr === undefined ? [] : this.#acrValues(acr);
    return client.buildAuthorizationUrl(this.config, {
      redirect_uri: redirectUri,
      scope: this.#scopes().join(" "),
      state,
      nonce,
      code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: "S256",
      ...template.takesMaxAge && { max_age: String(fresh ? 0 : maxAge ?? 0) },
      ...provider.recheck && template.refresh.parameters,
      ...fresh && template.fresh,
      ...acrValues.length > 0 && { acr_values: acrValues.join(" ") },
      ...loginHint !== undefined && { login_hint: loginHint },
    });
  }

  #scopes(): string[] {
    const { provider } = this.parameters;
    const template = templateOf(provider);
    return [
      ...new Set([
        ...template.scopes,
        ...provider.groupsClaim === undefined ? [] : template.groupScopes ?? [],
        ...provider.recheck ? template.refresh.scopes ?? [] : [],
        ...provider.scopes,
      ]),
    ];
  }

  #acrValues(acr: "2fa" | "phr"): string[] {
    const { provider } = this.parameters;
    if (provider.acrMapping === undefined) return [];
    const mapped = Object.entries(provider.acrMapping)
      .filter(([, level]) => level === "phr" || level === acr).map(([value]) => value);
    const known = templateOf(provider).acrValues?.[acr];
    return [...mapped, ...known === undefined ? [] : [known]];
  }

  async redeem(
    callback: URL,
    { state, codeVerifier, nonce }: SignInSecrets,
  ): Promise<UpstreamAccount | UpstreamFailure> {
    try {
      // Checks `iss` (RFC 9207) and `state` of the response, and issuer, audience, nonce, times and
      // signature of the ID token.
      const tokens = await client.authorizationCodeGrant(this.config, callback, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: codeVerifier,
        idTokenExpected: true,
      });
      return await this.#account(tokens);
    } catch (error) {
      return toUpstreamFailure(error);
    }
  }

  async check(refreshToken: string, subject: string): Promise<AccountCheck> {
    try {
      const tokens = await client.refreshTokenGrant(this.config, refreshToken);
      // OpenID Connect Core 1.0 section 12.2: the ID token is optional, its subject is the same.
      if (tokens.claims() !== undefined && tokens.claims()!.sub !== subject) {
        return { state: "unknown", reason: "The provider sent the tokens of another account." };
      }
      const account = tokens.claims() === undefined ? undefined : await this.#account(tokens);
      return {
        state: "alive",
        refreshToken: tokens.refresh_token,
        account: account instanceof UpstreamFailure ? undefined : account,
      };
    } catch (error) {
      const { reason } = toUpstreamFailure(error);
      // RFC 6749 section 5.2: the token was revoked, which providers do when they disable a user.
      const isGone = error instanceof client.ResponseBodyError && error.status === 400 &&
        error.error === "invalid_grant";
      return { state: isGone ? "gone" : "unknown", reason };
    }
  }

  /** The claims of the ID token, and those of the UserInfo endpoint if some are missing there. */
  async #account(
    tokens: client.TokenEndpointResponse & client.TokenEndpointResponseHelpers,
  ): Promise<UpstreamAccount | UpstreamFailure> {
    const { provider } = this.parameters;
    const idToken = tokens.claims()!;
    const { userinfo_endpoint: endpoint } = this.config.serverMetadata();
    const isComplete = idToken.email !== undefined && idToken.name !== undefined &&
      (provider.groupsClaim === undefined || claimAt(idToken, provider.groupsClaim) !== undefined);
    const userInfo = isComplete || endpoint === undefined
      ? {}
      // Checks that the subject is the same (section 5.3.2).
      : await client.fetchUserInfo(this.config, tokens.access_token, idToken.sub);
    return accountFromClaims(provider, mergeClaims(userInfo, idToken), {
      issuer: idToken.iss,
      refreshToken: provider.recheck ? tokens.refresh_token : undefined,
    });
  }
}

type Claims = Record<string, unknown>;

/** Claims that vouch for the address in the same document. */
const VOUCHING_CLAIMS = ["email_verified", "xms_edov", "hd"];

/** The claims of both, where none of one document vouches for the address of the other. */
function mergeClaims(userInfo: Claims, idToken: Claims): Claims {
  const merged: Claims = { ...userInfo, ...idToken };
  const sources = [idToken, userInfo].filter(({ email }) => email === merged.email);
  for (const name of VOUCHING_CLAIMS) {
    merged[name] = sources.map((claims) => claims[name]).find((value) => value !== undefined);
    if (merged[name] === undefined) delete merged[name];
  }
  return merged;
}
