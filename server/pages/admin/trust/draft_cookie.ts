import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { PageContext } from "../../context.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { cookieName } from "../../http/session_cookie.ts";
import { type Entries, PERMISSION_ENTRIES, WORKLOAD_ENTRIES } from "./entries.ts";
import { readStepQuery, signedQuery, type Step, TRUST_PATH } from "./step_path.ts";

const LIFETIME_SECONDS = 1800;

/** In characters: a cookie has at most 4 KB. */
const MAX_LENGTH = 3500;

/**
 * Remembers what was last entered, for the browser's Back button: the page of a step that was
 * opened empty is then shown with the entries.
 */
export function rememberDraft(deps: PageDeps, c: PageContext, entries: Entries): void {
  const { name, prefix } = cookieName(deps.issuer, "draft");
  const value = signedQuery(deps, c, entries);
  if (value.length > MAX_LENGTH) return forgetDraft(deps, c);
  setCookie(c, name, value, {
    prefix,
    path: prefix === undefined ? TRUST_PATH : "/",
    httpOnly: true,
    sameSite: "Lax",
    secure: prefix !== undefined,
    maxAge: LIFETIME_SECONDS,
  });
}

/** Where another rule is begun, nothing of the last one is kept. */
export function forgetDraft(deps: PageDeps, c: PageContext): void {
  const { name, prefix } = cookieName(deps.issuer, "draft");
  if (getCookie(c, name, prefix) === undefined) return;
  deleteCookie(c, name, {
    prefix,
    path: prefix === undefined ? TRUST_PATH : "/",
    secure: prefix !== undefined,
  });
}

/** The entries of a step's page, with those of the draft for the step if it has none itself. */
export function withDraft(
  deps: PageDeps,
  c: PageContext,
  step: Step,
  entries: Entries,
): Entries {
  const names = step === "workload"
    ? [...WORKLOAD_ENTRIES, "found"] as const
    : step === "permissions"
    ? PERMISSION_ENTRIES
    : [];
  if (names.some((name) => entries[name] !== undefined)) return entries;
  const { name, prefix } = cookieName(deps.issuer, "draft");
  const { entries: draft } = readStepQuery(deps, c, getCookie(c, name, prefix) ?? "");
  const isSame = draft.rule === entries.rule && draft.provider === entries.provider &&
    (step === "workload" || draft.subject === entries.subject);
  if (!isSame) return entries;
  return { ...entries, ...Object.fromEntries(names.map((name) => [name, draft[name]])) };
}
