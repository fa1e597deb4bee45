import * as client from "openid-client";
import { accountFromClaims, type UpstreamAccount } from "./account.ts";
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

const PAGE_SIZE = 100;
const MAX_PAGES = 20;

/** The API of github.com, of a tenant of ghe.com, or of a GitHub Enterprise Server. */
function apiOf(issuer: string): string {
  const url = new URL(issuer);
  if (url.hostname === "github.com") return "https://api.github.com";
  if (url.hostname.endsWith(".ghe.com")) return `https://api.${url.hostname}`;
  return `${url.origin}/api/v3`;
}

/** GitHub has OAuth without ID tokens: who signed in is asked of its API. */
export function connectGithub(parameters: ConnectionParameters): UpstreamClient {
  const { provider, clientSecret } = parameters;
  const { origin } = new URL(provider.issuer);
  const config = new client.Configuration(
    {
      issuer: provider.issuer,
      authorization_endpoint: `${origin}/login/oauth/authorize`,
      token_endpoint: `${origin}/login/oauth/access_token`,
    },
    provider.clientId,
    {},
    client.ClientSecretPost(clientSecret),
  );
  config[client.customFetch] = tokenFetch(parameters);
  if (origin.startsWith("http:")) client.allowInsecureRequests(config);
  return new GithubClient(parameters, config);
}

/** GitHub reports errors of the token endpoint with status 200; RFC 6749 section 5.2 wants 400. */
function tokenFetch(parameters: ConnectionParameters): ReturnType<typeof upstreamFetch> {
  const request = upstreamFetch(parameters);
  return async (url, options) => {
    const response = await request(url, options);
    if (response.status !== 200) return response;
    const text = await response.text();
    const isError = typeof Object(parseJson(text)).error === "string";
    return new Response(text, { status: isError ? 400 : 200, headers: response.headers });
  };
}

class GithubClient implements UpstreamClient {
  constructor(
    private readonly parameters: ConnectionParameters,
    private readonly config: client.Configuration,
  ) {}

  async authorizationUrl(
    { state, codeVerifier }: SignInSecrets,
    { redirectUri, fresh, loginHint }: AuthorizationOptions,
  ): Promise<URL> {
    const { provider } = this.parameters;
    const template = templateOf(provider);
    const scopes = new Set([
      ...template.scopes,
      ...provider.groupsClaim === undefined ? [] : template.groupScopes ?? [],
      ...provider.scopes,
    ]);
    return client.buildAuthorizationUrl(this.config, {
      redirect_uri: redirectUri,
      scope: [...scopes].join(" "),
      state,
      code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: "S256",
      ...fresh && template.fresh,
      ...loginHint !== undefined && { login: loginHint },
    });
  }

  async redeem(
    callback: URL,
    { state, codeVerifier }: SignInSecrets,
  ): Promise<UpstreamAccount | UpstreamFailure> {
    try {
      const { access_token: token } = await client.authorizationCodeGrant(this.config, callback, {
        expectedState: state,
        pkceCodeVerifier: codeVerifier,
      });
      return await this.#account(token);
    } catch (error) {
      return toUpstreamFailure(error);
    }
  }

  /** The token is that of the last sign-in. GitHub revokes it when it suspends or deletes a user. */
  async check(token: string, subject: string): Promise<AccountCheck> {
    try {
      const account = await this.#account(token);
      if (account instanceof UpstreamFailure) {
        const state = account.code === "client_rejected" ? "gone" : "unknown";
        return { state, reason: account.reason };
      }
      return account.subject === subject
        ? { state: "alive", account }
        : { state: "unknown", reason: "The provider sent another account." };
    } catch (error) {
      return { state: "unknown", reason: toUpstreamFailure(error).reason };
    }
  }

  async #account(token: string): Promise<UpstreamAccount | UpstreamFailure> {
    const { provider } = this.parameters;
    const user = await this.#get("/user", token);
    if (user instanceof UpstreamFailure) return user;
    const { id, login, name } = Object(user);
    if (!Number.isSafeInteger(id) || typeof login !== "string") {
      return new UpstreamFailure("invalid_response", "GitHub's user has no id or no login.");
    }
    const emails = await this.#get(`/user/emails?per_page=${PAGE_SIZE}`, token);
    if (emails instanceof UpstreamFailure) return emails;
    const primary = Array.isArray(emails)
      ? emails.map(Object).find((email) => email.primary === true)
      : undefined;
    const teams = provider.groupsClaim === undefined ? undefined : await this.#teams(token);
    if (teams instanceof UpstreamFailure) return teams;
    const claims = {
      // The number: a login can be renamed, and then belong to another user.
      sub: String(id),
      preferred_username: login,
      name: name ?? login,
      email: primary?.email,
      email_verified: primary?.verified === true,
      ...teams !== undefined && { [provider.groupsClaim!]: teams },
    };
    return accountFromClaims(provider, claims, {
      issuer: provider.issuer,
      refreshToken: provider.recheck ? token : undefined,
    });
  }

  /** As `org/team`. */
  async #teams(token: string): Promise<string[] | UpstreamFailure> {
    const names: string[] = [];
    for (let page = 1; page <= MAX_PAGES; page++) {
      const teams = await this.#get(`/user/teams?per_page=${PAGE_SIZE}&page=${page}`, token);
      if (teams instanceof UpstreamFailure) return teams;
      if (!Array.isArray(teams)) break;
      names.push(
        ...teams.map(Object).map(({ slug, organization }) =>
          `${Object(organization).login}/${slug}`
        ),
      );
      if (teams.length < PAGE_SIZE) break;
    }
    return names;
  }

  async #get(path: string, token: string): Promise<unknown> {
    const response = await upstreamFetch(this.parameters)(
      `${apiOf(this.parameters.provider.issuer)}${path}`,
      {
        method: "GET",
        headers: {
          accept: "application/vnd.github+json",
          authorization: `Bearer ${token}`,
          "x-github-api-version": "2022-11-28",
        },
      },
    );
    if (response.status === 401) {
      return new UpstreamFailure("client_rejected", "GitHub rejected the access token.");
    }
    const body = response.status === 200 ? parseJson(await response.text()) : undefined;
    if (body !== undefined) return body;
    const pathname = path.replace(/\?.*/, "");
    return new UpstreamFailure(
      response.status >= 500 ? "unreachable" : "invalid_response",
      `GitHub answered ${pathname} with status ${response.status}.`,
    );
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
