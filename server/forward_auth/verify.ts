import { OAuthError } from "../../shared/oauth/errors.ts";
import { formatScope, missingScopes, parseScope } from "../../shared/oauth/scope.ts";
import type { AppParts } from "../app_parts.ts";
import { describeResult } from "../validation/describe_result.ts";
import type { ValidatedToken, ValidationResult } from "../validation/validated_token.ts";
import { signAccessToken } from "../tokens/access_token.ts";
import {
  bearerChallenge,
  bearerToken,
  decodeBasicCredentials,
  encodedBasicCredentials,
} from "../http/authorization.ts";
import { requestPath } from "../http/request_target.ts";
import type { ClientInfo } from "../http/client_info.ts";

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
export type VerificationAnswers = WeakMap<ValidatedToken, Answer>;

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
  requester: ClientInfo,
): Response | Promise<Response> {
  const question = questionOf(request);
  if (question instanceof OAuthError) return refusal(400, bearerChallenge(question));
  const token = bearerToken(request.headers) ??
    (question.basic ? basicPassword(request) : undefined);
  if (token === undefined) return refusal(401, bearerChallenge(), question);
  const checked = parts.tokenValidator.validate(token, requester);
  const answer = (verdict: ValidationResult) =>
    answerVerdict(parts, answers, { question, token, verdict });
  return checked instanceof Promise ? checked.then(answer) : answer(checked);
}

/** Where programs such as git put a token; any user name will do. */
function basicPassword({ headers }: Request): string | undefined {
  const encoded = encodedBasicCredentials(headers);
  return encoded && decodeBasicCredentials(encoded)?.password || undefined;
}

function answerVerdict(
  parts: AppParts,
  answers: VerificationAnswers,
  { question, token, verdict }: { question: Question; token: string; verdict: ValidationResult },
): Response | Promise<Response> {
  if (verdict.state !== "active") {
    return refusal(401, bearerChallenge(describeResult(verdict)), question);
  }
  const known = verdict.token;
  const missing = missingScopes(question.scopes, known.scopes);
  if (missing.length > 0) {
    const error = new OAuthError("insufficient_scope", `The token lacks ${missing.join(" ")}.`);
    return refusal(403, bearerChallenge(error, { scope: formatScope(question.scopes) }));
  }
  let answer = answers.get(known);
  if (answer === undefined) answers.set(known, answer = prepareAnswer(known));
  return question.jwt ? withUpstreamToken(parts, answer, known, token) : answer.success;
}

async function withUpstreamToken(
  parts: AppParts,
  answer: Answer,
  known: ValidatedToken,
  presented: string,
): Promise<Response> {
  const headers = new Headers(answer.success.headers);
  headers.set("x-auth-jwt", await upstreamToken(parts, answer, known, presented));
  return new Response(null, { headers });
}

function prepareAnswer(known: ValidatedToken): Answer {
  const headers = {
    "x-auth-user": known.subject,
    "x-auth-username": inHeader(known.username),
    "x-auth-client": known.clientId,
    "x-auth-scope": known.scope,
  };
  // No shared cache keeps what was answered to an Authorization header (RFC 9111 section 3.5).
  return { success: new Response(null, { headers }) };
}

function refusal(status: number, challenge: string, question?: Question): Response {
  const headers = new Headers({ "cache-control": "no-store" });
  // First, for clients that read the first challenge only: crane, skopeo, and git behind nginx,
  // which passes on one of several WWW-Authenticate headers.
  if (question?.basic) headers.append("www-authenticate", 'Basic realm="token as password"');
  headers.append("www-authenticate", challenge);
  return new Response(null, { status, headers });
}

/** What the proxy asks. */
interface Question {
  /** That the token must have. */
  scopes: readonly string[];
  /** Whether the service behind wants a JWT. */
  jwt: boolean;
  /** Whether a token may come as the password of HTTP Basic, as git and docker send it. */
  basic: boolean;
}

/**
 * Reads the question. What we do not understand might have been meant to demand
 * something, so it is an error. Below our path the query is the stranger's own, so
 * there the header alone counts, which the proxy sets; with nothing but a slash below
 * we cannot know whose it is, and a scope in it can only demand more.
 */
function questionOf({ url, headers }: Request): Question | OAuthError {
  const scope = headers.get(REQUIRED_SCOPE_HEADER) ?? "";
  const start = url.indexOf("?");
  if (start === -1) return question(scope);
  const path = requestPath(url);
  const own = path === VERIFICATION_PATH;
  if (!own && path !== `${VERIFICATION_PATH}/`) return question(scope);
  const parameters = new URLSearchParams(url.slice(start));
  const scopes = [...parameters.getAll("scope"), scope].join(" ");
  if (!own) return question(scopes);
  for (const [name, value] of parameters) {
    if (name === "scope" || ((name === "jwt" || name === "basic") && value === "1")) continue;
    return new OAuthError(
      "invalid_request",
      "This endpoint takes the parameters scope, jwt=1 and basic=1 alone.",
    );
  }
  return question(scopes, parameters.has("jwt"), parameters.has("basic"));
}

function question(scope: string, jwt = false, basic = false): Question | OAuthError {
  const scopes = parseScope(scope);
  return scopes === undefined
    ? new OAuthError("invalid_request", "The scope asked for is malformed.")
    : { scopes, jwt, basic };
}

/** Headers hold ASCII; an address in other letters comes percent-encoded. */
function inHeader(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : encodeURIComponent(text);
}

/** A JWT for the service behind, which needs only our JWKS. A caller's own JWT goes on as it is. */
async function upstreamToken(
  { issuer, clock, keys, tokenValidator }: AppParts,
  answer: Answer,
  known: ValidatedToken,
  presented: string,
): Promise<string> {
  if (known.kind === "access_token") return presented;
  const made = answer.jwt;
  const now = clock.now();
  if (made !== undefined && now < made.reuseUntil) {
    // The service behind holds it, so it may have revoked it (RFC 7009).
    const { state } = await tokenValidator.validate(made.text, {});
    if (state !== "revoked") return made.text;
  }
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
