import { OAuthError } from "../../shared/oauth_error.ts";
import { parseScope } from "../../shared/scope.ts";
import type { AppParts } from "../app_parts.ts";
import { bearerChallenge, describeVerdict } from "../token_check/describe_verdict.ts";
import type { KnownToken, Verdict } from "../token_check/known_token.ts";
import { signAccessToken } from "../tokens/access_token.ts";
import { bearerToken } from "./bearer_token.ts";
import type { Requester } from "./requester.ts";

/** Where reverse proxies ask. Envoy appends the path of the request it asks about. */
export const VERIFICATION_PATH = "/auth/verify";

/** Names the scopes a request needs, where the address of the question cannot. */
const REQUIRED_SCOPE_HEADER = "x-auth-required-scope";

/** Life of a JWT for the service behind, in seconds; one that has less than half left is not reused. */
const JWT_LIFETIME = 300;

/**
 * What is answered of a remembered token: the response, which is the same each time and
 * can be given again since it has no body, and a JWT that was made for it, since a
 * signature costs as much as fifty checks.
 */
export type VerificationAnswers = WeakMap<KnownToken, Answer>;

interface Answer {
  success: Response;
  jwt?: { text: string; reuseUntil: number };
}

/**
 * Says to a reverse proxy whether a request may pass, and whose it is: for nginx's
 * auth_request, the forward_auth of Caddy and Traefik, and Envoy's ext_authz.
 */
export function verification(
  parts: AppParts,
  answers: VerificationAnswers,
  request: Request,
  requester: Requester,
): Response | Promise<Response> {
  const token = bearerToken(request);
  if (token === undefined) return refusal(401, bearerChallenge());
  const checked = parts.tokenCheck.check(token, requester);
  const answer = (verdict: Verdict) => answerVerdict(parts, answers, { request, token, verdict });
  return checked instanceof Promise ? checked.then(answer) : answer(checked);
}

function answerVerdict(
  parts: AppParts,
  answers: VerificationAnswers,
  { request, token, verdict }: { request: Request; token: string; verdict: Verdict },
): Response | Promise<Response> {
  if (verdict.state !== "active") {
    return refusal(401, bearerChallenge(describeVerdict(verdict)));
  }
  const known = verdict.token;
  const question = questionOf(request);
  const required = parseScope(question.scope);
  if (required === undefined) {
    return refusal(
      400,
      bearerChallenge(new OAuthError("invalid_request", "The scope asked for is malformed.")),
    );
  }
  if (!required.every((scope) => known.scopes.includes(scope))) {
    const error = new OAuthError("insufficient_scope", `The token lacks ${required.join(" ")}.`);
    return refusal(403, bearerChallenge(error, required.join(" ")));
  }
  let answer = answers.get(known);
  if (answer === undefined) answers.set(known, answer = prepareAnswer(known));
  return question.jwt ? withUpstreamToken(parts, answer, known, token) : answer.success;
}

async function withUpstreamToken(
  parts: AppParts,
  answer: Answer,
  known: KnownToken,
  presented: string,
): Promise<Response> {
  const headers = new Headers(answer.success.headers);
  headers.set("x-auth-jwt", await upstreamToken(parts, answer, known, presented));
  return new Response(null, { headers });
}

function prepareAnswer(known: KnownToken): Answer {
  const headers = {
    "x-auth-user": known.subject,
    "x-auth-username": inHeader(known.username),
    "x-auth-client": known.clientId,
    "x-auth-scope": known.scope,
    "cache-control": "no-store",
  };
  return { success: new Response(null, { headers }) };
}

function refusal(status: number, challenge: string): Response {
  return new Response(null, {
    status,
    headers: { "www-authenticate": challenge, "cache-control": "no-store" },
  });
}

/**
 * What the proxy asks. Below our path the query is the stranger's own, so there the
 * header alone counts, which the proxy sets.
 */
function questionOf(request: Request): { scope: string; jwt: boolean } {
  const start = request.url.indexOf("?");
  const required = request.headers.get(REQUIRED_SCOPE_HEADER) ?? "";
  if (start === -1) return { scope: required, jwt: false };
  const url = new URL(request.url);
  if (url.pathname !== VERIFICATION_PATH) return { scope: required, jwt: false };
  return {
    scope: [...url.searchParams.getAll("scope"), required].join(" "),
    jwt: url.searchParams.get("jwt") === "1",
  };
}

/** Headers hold ASCII; an address in other letters comes percent-encoded. */
function inHeader(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : encodeURIComponent(text);
}

/** A JWT for the service behind, which needs only our JWKS. A caller's own JWT goes on as it is. */
async function upstreamToken(
  { issuer, clock, keys }: AppParts,
  answer: Answer,
  known: KnownToken,
  presented: string,
): Promise<string> {
  if (known.kind === "access_token") return presented;
  const made = answer.jwt;
  const now = clock.now();
  if (made !== undefined && now < made.reuseUntil) return made.text;
  const lifetime = Math.floor(Math.min(JWT_LIFETIME, (known.expiresAt - now) / 1000));
  const jwt = await signAccessToken({ issuer, clock, keys, lifetime }, {
    subject: known.subject,
    clientId: known.clientId,
    scope: known.scope,
    audience: known.audience,
    personalAccessTokenId: known.id,
  });
  answer.jwt = { text: jwt, reuseUntil: now + lifetime * 500 };
  return jwt;
}
