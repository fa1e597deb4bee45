import { isUuid } from "../../../shared/uuid.ts";
import { DomainError } from "../../domain_error.ts";
import { findLoginRow, findNarrowToken, findTokenIds } from "../../store/audit_log/stories.ts";
import { describeLogin } from "./login_story.ts";
import { describeRun } from "./run_story.ts";
import { step, type Story, type WhyDeps } from "./story.ts";
import { describeToken } from "./token_story.ts";

/**
 * Which credential. Never the secret itself: the command sends what identifies it, so that it
 * reaches neither another process nor a log.
 */
export type WhySubject =
  /** An id, the prefix of a token, or a claim of a CI run. */
  | { text: string }
  /** Of a personal access token, in hex. */
  | { tokenHash: string }
  /** Of a refresh token, in hex. */
  | { loginHandle: string }
  /** Claims of an access token. Its signature was not checked. */
  | { claims: WhyClaims };

export interface WhyClaims {
  iss?: string;
  jti?: string;
  sid?: string;
  pat?: string;
  sub?: string;
  iat?: number;
  exp?: number;
  scope?: string;
  /** Of the workload, if it was issued to one. */
  workloadSubject?: string;
}

/** The life of a credential. */
export async function describeCredential(
  deps: WhyDeps,
  subject: WhySubject,
): Promise<Story | DomainError> {
  const story = "text" in subject
    ? await describeText(deps, subject.text)
    : "tokenHash" in subject
    ? await describeFirst(deps, await findTokenIds(deps.sql, { hash: subject.tokenHash }))
    : "loginHandle" in subject
    ? await describeHandle(deps, subject.loginHandle)
    : await describeAccessToken(deps, subject.claims);
  return story ?? new DomainError(
    "not_found",
    "text" in subject
      ? `There is no token, login or run ${subject.text}. Use the id or the prefix of a token, the ` +
        "id of a login, or the id or the subject of a CI run of the last 90 days."
      : "This server does not know the token: another server issued it, or it was deleted after " +
        "its retention.",
  );
}

async function describeText(deps: WhyDeps, text: string): Promise<Story | undefined> {
  if (isUuid(text)) {
    const id = text.toLowerCase();
    return await describeToken(deps, id) ?? await describeNarrowToken(deps, id) ??
      await describeLogin(deps, id) ?? await describeRun(deps, text);
  }
  return await describeFirst(deps, await findTokenIds(deps.sql, { prefix: text })) ??
    await describeRun(deps, text);
}

async function describeFirst(deps: WhyDeps, [id]: string[]): Promise<Story | undefined> {
  return id === undefined ? undefined : await describeToken(deps, id);
}

async function describeHandle(deps: WhyDeps, handle: string): Promise<Story | undefined> {
  const handleHash = Uint8Array.from((handle.match(/../g) ?? []).map((byte) => parseInt(byte, 16)));
  const row = await findLoginRow(deps.sql, { handleHash });
  return row && await describeLogin(deps, row.id);
}

/** A token for an agent: its own life, after that of its login. */
async function describeNarrowToken(deps: WhyDeps, id: string): Promise<Story | undefined> {
  const token = await findNarrowToken(deps.sql, id);
  if (token === undefined) return undefined;
  const login = await describeLogin(deps, token.loginId);
  const now = deps.clock.now();
  const isOver = token.expiresAt.getTime() <= now;
  const before = (login?.steps ?? []).filter(({ time }) => time <= token.createdAt.toISOString());
  return {
    kind: "narrow_token",
    id,
    title: `Narrow token for ${token.actorName ?? "a tool without a name"}, of the ` +
      `${login?.title.replace(/^Login/, "login") ?? "login"}`,
    state: token.revokedAt !== null ? "revoked" : isOver ? "expired" : "active",
    facts: [
      { name: "scopes", value: token.scope },
      { name: "login", value: token.loginId },
    ],
    steps: [
      ...before.map(({ time, text }) => ({ time, text: `the login ${text}` })),
      step(token.createdAt, `was issued to ${token.address}`),
      ...token.revokedAt !== null
        ? [step(token.revokedAt, "was revoked")]
        : [step(token.expiresAt, isOver ? "expired" : "expires")],
    ],
  };
}

/** The claims lead to what it was issued for. */
async function describeAccessToken(deps: WhyDeps, claims: WhyClaims): Promise<Story | undefined> {
  const { iss, jti, sid, pat, iat, exp, scope } = claims;
  if (iss !== deps.issuer) return undefined;
  if (jti !== undefined && isUuid(jti)) {
    const narrow = await describeNarrowToken(deps, jti);
    if (narrow !== undefined) return narrow;
  }
  const origin = pat !== undefined && isUuid(pat)
    ? await describeToken(deps, pat)
    : sid !== undefined && isUuid(sid)
    ? await describeLogin(deps, sid)
    : claims.workloadSubject === undefined
    ? undefined
    : await describeRun(deps, claims.workloadSubject);
  if (origin === undefined) return undefined;
  const isOver = exp !== undefined && exp * 1000 <= deps.clock.now();
  const steps = [
    ...origin.steps.map(({ time, text }) => ({ time, text: `${originName(origin)} ${text}` })),
    ...iat === undefined ? [] : [step(new Date(iat * 1000), "the access token was issued")],
    ...exp === undefined
      ? []
      : [step(new Date(exp * 1000), `the access token ${isOver ? "expired" : "expires"}`)],
  ];
  return {
    kind: "access_token",
    id: jti ?? "",
    title: `Access token of the ${origin.title[0].toLowerCase()}${origin.title.slice(1)}`,
    state: origin.state === "revoked" ? "revoked" : isOver ? "expired" : "active",
    facts: [
      ...scope === undefined ? [] : [{ name: "scopes", value: scope || "none" }],
      { name: originName(origin).replace("the ", ""), value: origin.id },
      { name: "signature", value: "not checked here" },
    ],
    steps: steps.sort((a, b) => a.time < b.time ? -1 : a.time > b.time ? 1 : 0),
  };
}

function originName({ kind }: Story): string {
  return kind === "token"
    ? "the personal access token"
    : kind === "run"
    ? "the workload"
    : "the login";
}
