/**
 * An issuer of identity tokens on 127.0.0.1, as a CI provider is one: discovery
 * and keys over HTTP, tokens for a job, and the endpoints a job asks. It can go
 * wrong in the ways issuers and attackers do.
 */
import {
  base64url,
  CompactSign,
  CryptoKey,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type JSONWebKeySet,
  type JWTPayload,
  SignJWT,
  UnsecuredJWT,
} from "jose";
import { type Clock, systemClock } from "../../shared/clock.ts";
import { providerData } from "./provider_data.ts";

type KeyAlgorithm = "RS256" | "ES256" | "EdDSA" | "Ed25519";

export interface IssuerOptions {
  /** What the path of its URL is, such as `/org/1`; none by default. */
  path?: string;
  algorithm?: KeyAlgorithm;
  /** Serves https as `localhost`. */
  tls?: { cert: string; key: string };
  /** Stamps the tokens; the system's by default. */
  clock?: Clock;
  /** Id of the first key; "key-1" by default. */
  kid?: string;
}

export interface SignOptions {
  /** Of the header, whatever key signs; null leaves it out. */
  kid?: string | null;
  /** Changes the JSON that is signed, to what JavaScript's numbers cannot say. */
  edit?: (json: string) => string;
  /** `HS256` signs with the public key as the secret, `none` does not sign. */
  algorithm?: "none" | "HS256";
  /** Signs with this issuer's key instead. */
  by?: OidcIssuer;
  /** The typ of the header; "JWT" by default, null leaves it out. */
  typ?: string | null;
}

export interface OidcIssuer extends AsyncDisposable {
  url: string;
  /** What was asked for so far: `GET /jwks`. */
  requests: string[];
  /** The header of its tokens. */
  kid(): string;
  /**
   * A token with these claims; `iss`, `iat`, `nbf`, `exp` (in 5 minutes) and `jti`
   * are added unless given. A claim that is undefined is left out.
   */
  sign(claims: Claims, options?: SignOptions): Promise<string>;
  /** Signs with a new key from now on; the old one is published no more unless `keep`. */
  rotate(options?: { kid?: string; keep?: boolean }): Promise<void>;
  /** Answers to requests for `path` (`/jwks`, `/.well-known/openid-configuration`, …) from now on. */
  answer(path: string, answer: () => Response | Promise<Response>): void;
  /** Takes requests and never answers. */
  hang(path?: string): void;
  redirect(path: string, to: string): void;
  /** Sends a key set of that many bytes, in pieces, as long as someone reads; says how much went. */
  hugeKeySet(bytes: number): { sent: number };
  /** Behaves again. */
  recover(): void;
  /** Sets the claims of the job's tokens, except the audience; returns the job's environment. */
  actionsJob(claims: Claims): Record<string, string>;
  /** The same for a machine in Google's cloud. */
  googleMachine(claims: Claims): Record<string, string>;
}

type Claims = Record<string, unknown>;

const DISCOVERY = "/.well-known/openid-configuration";
const ACTIONS = "/actions/token";
const GOOGLE = "/computeMetadata/v1/instance/service-accounts/default/identity";

/** The claims a provider documents, as data. `iss`, `aud` and times are the documentation's. */
/**
 * The documented claims as an issuer of our own signs them today: without the
 * documentation's issuer, audience, times and id.
 */
export async function jobClaims(provider: string, changes: Claims = {}): Promise<Claims> {
  const { iss: _, aud: _aud, iat: _iat, nbf: _nbf, exp: _exp, jti: _jti, ...claims } =
    (await providerData(provider)).claims;
  return { ...claims, ...changes };
}

export async function startIssuer(options: IssuerOptions = {}): Promise<OidcIssuer> {
  const { path: base = "", algorithm = "RS256", clock = systemClock, tls } = options;
  const requestToken = crypto.randomUUID();
  const answers = new Map<string, () => Response | Promise<Response>>();
  const waiting: (() => void)[] = [];
  const requests: string[] = [];
  const jobs: { actions?: Claims; google?: Claims } = {};
  let key = await newKey(algorithm, options.kid ?? "key-1");
  let keySet: JSONWebKeySet = { keys: [key.jwk] };
  let count = 1;

  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, ...tls, onListen() {}, onError: () => new Response(null) },
    async (request) => {
      const { pathname } = new URL(request.url);
      const path = pathname.startsWith(base) ? pathname.slice(base.length) : pathname;
      requests.push(`${request.method} ${path}`);
      return await (answers.get(path)?.() ?? usual(path, request));
    },
  );
  const origin = `${tls ? "https://localhost" : "http://127.0.0.1"}:${server.addr.port}`;
  const url = origin + base;

  async function usual(path: string, request: Request): Promise<Response> {
    switch (path) {
      case DISCOVERY:
        return Response.json({
          issuer: url,
          jwks_uri: `${url}/jwks`,
          response_types_supported: ["id_token"],
          subject_types_supported: ["public"],
          id_token_signing_alg_values_supported: [algorithm],
        });
      case "/jwks":
        return Response.json(keySet);
      case ACTIONS:
        return await actionsToken(request);
      case GOOGLE:
        return await googleToken(request);
    }
    return new Response(null, { status: 404 });
  }

  /** As GitHub's runner has it: a POST is not taken, the job's own bearer token is asked for. */
  async function actionsToken(request: Request): Promise<Response> {
    if (request.method !== "GET") return new Response(null, { status: 405 });
    if (request.headers.get("authorization") !== `Bearer ${requestToken}`) {
      return new Response(null, { status: 401 });
    }
    const query = new URL(request.url).searchParams;
    if (query.get("api-version") !== "2.0" || jobs.actions === undefined) {
      return new Response(null, { status: 400 });
    }
    const aud = query.get("audience") ?? "https://github.com/octo-org";
    const value = await issuer.sign({ ...jobs.actions, aud });
    return Response.json({ count: value.length, value });
  }

  /** As the metadata server has it: without its header a request may come from anywhere. */
  async function googleToken(request: Request): Promise<Response> {
    const headers = { "metadata-flavor": "Google" };
    if (request.headers.get("metadata-flavor") !== "Google" || jobs.google === undefined) {
      return new Response(null, { status: 403, headers });
    }
    const query = new URL(request.url).searchParams;
    const aud = query.get("audience");
    if (!aud) return new Response("non-empty audience parameter required", { status: 400 });
    const { google: details, ...claims } = jobs.google;
    const full = query.get("format") === "full" ? { google: details } : {};
    return new Response(await issuer.sign({ ...claims, ...full, aud, jti: undefined }), {
      headers,
    });
  }

  const issuer: OidcIssuer = {
    url,
    requests,
    kid: () => key.kid,
    async sign(
      claims,
      { kid, algorithm: foreign, by, typ = "JWT", edit = (json: string) => json } = {},
    ) {
      const now = Math.floor(clock.now() / 1000);
      const payload = withoutUndefined({
        iss: url,
        iat: now,
        nbf: now,
        exp: now + 300,
        jti: crypto.randomUUID(),
        ...claims,
      });
      if (by !== undefined) return await by.sign(payload, { kid: kid ?? key.kid, typ });
      if (foreign === "none") return new UnsecuredJWT(payload).encode();
      const header = {
        ...kid !== null && { kid: kid ?? key.kid },
        ...typ !== null && { typ },
      };
      if (foreign === "HS256") {
        const secret = new TextEncoder().encode(await exportSPKI(key.publicKey));
        return await new SignJWT(payload).setProtectedHeader({ ...header, alg: foreign })
          .sign(secret);
      }
      const bytes = new TextEncoder().encode(edit(JSON.stringify(payload)));
      return await new CompactSign(bytes).setProtectedHeader({ ...header, alg: algorithm })
        .sign(key.privateKey);
    },
    async rotate({ kid, keep = false } = {}) {
      key = await newKey(algorithm, kid ?? `key-${++count}`);
      keySet = { keys: keep ? [...keySet.keys, key.jwk] : [key.jwk] };
    },
    answer: (path, answer) => void answers.set(path, answer),
    hang(path = DISCOVERY) {
      const never = () =>
        new Promise<Response>((resolve) =>
          waiting.push(() => resolve(new Response(null, { status: 503 })))
        );
      answers.set(path, never);
    },
    redirect(path, to) {
      answers.set(path, () => new Response(null, { status: 302, headers: { location: to } }));
    },
    hugeKeySet(bytes) {
      const progress = { sent: 0 };
      answers.set("/jwks", () => hugeKeySet(bytes, progress));
      return progress;
    },
    recover: () => answers.clear(),
    actionsJob(claims) {
      jobs.actions = claims;
      return {
        CI: "true",
        GITHUB_ACTIONS: "true",
        ACTIONS_ID_TOKEN_REQUEST_URL: `${url}${ACTIONS}?api-version=2.0`,
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken,
      };
    },
    googleMachine(claims) {
      jobs.google = claims;
      return { GCE_METADATA_HOST: `127.0.0.1:${server.addr.port}` };
    },
    async [Symbol.asyncDispose]() {
      for (const release of waiting) release();
      await server.shutdown();
    },
  };
  return issuer;
}

async function newKey(algorithm: KeyAlgorithm, kid: string) {
  const pair: { publicKey: CryptoKey; privateKey: CryptoKey } = await generateKeyPair(algorithm, {
    extractable: true,
  });
  const jwk = { ...await exportJWK(pair.publicKey), kid, alg: algorithm, use: "sig" };
  return { ...pair, kid, jwk };
}

function withoutUndefined(claims: Claims): JWTPayload {
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
}

function hugeKeySet(bytes: number, progress: { sent: number }): Response {
  const start = new TextEncoder().encode('{"keys":[{"kty":"RSA","n":"');
  const piece = new TextEncoder().encode(base64url.encode(new Uint8Array(48 * 1024)));
  return new Response(
    new ReadableStream({
      start: (controller) => controller.enqueue(start),
      pull(controller) {
        if (progress.sent >= bytes) {
          controller.enqueue(new TextEncoder().encode('"}]}'));
          return controller.close();
        }
        controller.enqueue(piece);
        progress.sent += piece.length;
      },
    }),
    { headers: { "content-type": "application/json" } },
  );
}
