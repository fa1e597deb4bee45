import { createHmac, timingSafeEqual } from "node:crypto";
import { Buffer } from "node:buffer";
import { signedInSession } from "../../http/browser_session.ts";
import type { PageContext } from "../../context.ts";
import type { FormProblem } from "../../http/form_problem.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { type Entries, readEntries, toQuery } from "./entries.ts";

export const TRUST_PATH = "/admin/trust";

export const STEPS = ["provider", "workload", "permissions", "test"] as const;
export type Step = typeof STEPS[number];

export const LABELS: Record<Step, string> = {
  provider: "Provider",
  workload: "Workload",
  permissions: "Permissions",
  test: "Test and save",
};

/** What the query of a step contains. */
export interface StepQuery {
  step?: string;
  entries: Entries;
  /** Why the entries were rejected. */
  problem?: FormProblem;
}

/**
 * The page of a step. The entries are in its query, so that the browser's Back button keeps them.
 * They are signed for the administrator: no link of others can contain a rule to confirm.
 */
export function stepPath(
  deps: PageDeps,
  c: PageContext,
  step: Step,
  entries: Entries,
  problem?: FormProblem,
): string {
  const path = `${TRUST_PATH}/${entries.rule === undefined ? "add" : "edit"}`;
  const isPlain = Object.entries(entries).every(([name, value]) => !value || isUnsigned(name));
  if (isPlain && step === "workload" && problem === undefined) {
    return `${path}?${toQuery(entries)}`;
  }
  return `${path}?${signedQuery(deps, c, { ...entries, step }, problem)}`;
}

export function signedQuery(
  deps: PageDeps,
  c: PageContext,
  entries: Entries & { step?: string },
  problem?: FormProblem,
): string {
  const query = toQuery(entries) +
    (problem === undefined ? "" : `&problem=${encodeURIComponent(JSON.stringify(problem))}`);
  return `${query}&signature=${signature(deps, c, query)}`;
}

/** Reads the query of a step; without a valid signature, only what says where to begin. */
export function readStepQuery(deps: PageDeps, c: PageContext, search: string): StepQuery {
  const [, query = "", presented = ""] = /^\??(.*)&signature=([\w-]+)$/s.exec(search) ?? [];
  const [expected, actual] = [signature(deps, c, query), presented].map((it) => Buffer.from(it));
  const isSigned = expected.length === actual.length && timingSafeEqual(expected, actual);
  const values = new URLSearchParams(search);
  const get = (name: string) =>
    isSigned || isUnsigned(name) ? values.get(name)?.replaceAll("\0", "") : undefined;
  const problem = get("problem");
  return {
    step: get("step"),
    entries: readEntries(get, deps.catalog.scopes()),
    problem: problem === undefined ? undefined : JSON.parse(problem),
  };
}

/** Entries that any link may contain: they only say where to begin. */
export function isUnsigned(name: string): boolean {
  return name === "provider" || name === "rule";
}

function signature({ secrets }: PageDeps, c: PageContext, query: string): string {
  return createHmac("sha256", secrets.formKey)
    .update(`trust ${signedInSession(c).user.id} ${query}`)
    .digest("base64url");
}
