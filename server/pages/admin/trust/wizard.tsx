import type { Child } from "hono/jsx";
import { missingScopes, parseScope } from "../../../../shared/oauth/scope.ts";
import { ruleVersion } from "../../../admin/trust/edit_rule.ts";
import { DomainError } from "../../../domain_error.ts";
import { byNameNote } from "../../../federation/build_rule.ts";
import type { ListedTrustRule } from "../../../store/trust_rules.ts";
import { findServiceAccountByName } from "../../../store/service_accounts.ts";
import { type FormProblem, toFormProblem } from "../../http/form_problem.ts";
import { setNotice } from "../../http/notice.ts";
import type { PageContext } from "../../context.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import { administrator } from "../administrator.ts";
import {
  type Candidate,
  completeWorkload,
  DEFAULT_LIFETIME_SECONDS,
  draftRule,
  draftWorkload,
  editedRule,
  type SavedRule,
  saveRule,
  type WorkloadDraft,
} from "./candidate.ts";
import {
  type Entries,
  PERMISSION_ENTRIES,
  providerOf,
  readEntries,
  toEntries,
  WORKLOAD_ENTRIES,
} from "./entries.ts";
import { permissionStep } from "./permission_step.tsx";
import { providerStep } from "./provider_step.tsx";
import { accountOf, Requirements, RuleSentence } from "./sentence.tsx";
import { rememberDraft, withDraft } from "./draft_cookie.ts";
import { isUnsigned, readStepQuery, type Step, stepPath, STEPS, TRUST_PATH } from "./step_path.ts";
import { type RuleTest, testRule } from "./test_rule.ts";
import { testStep } from "./test_step.tsx";
import { workloadStep } from "./workload_step.tsx";

/** What a step shows besides its entries. */
interface StepState {
  before: ListedTrustRule | undefined;
  problems?: readonly FormProblem[];
  test?: RuleTest;
  rejection?: string;
}

/** GET /admin/trust/add and /admin/trust/edit: a step, with the entries in the query. */
export async function showRuleStep(deps: PageDeps, c: PageContext): Promise<Response> {
  const query = readStepQuery(deps, c, new URL(c.req.url).search);
  const before = await editedRule(deps, query.entries);
  if (before instanceof DomainError || isEdit(c) !== (before !== undefined)) {
    return ruleNotFound(deps, c);
  }
  // Its page names the file, and the form could not be submitted.
  if (before?.managedBy !== undefined) return c.redirect(TRUST_PATH, 303);
  const step = readStep(query.step, query.entries);
  const problems = query.problem === undefined ? [] : [query.problem];
  const entries = before === undefined
    ? withDraft(deps, c, step, query.entries)
    // Without a step they are not signed: a link may name any provider.
    : query.step !== undefined
    ? query.entries
    : editEntries(deps, c, before);
  return await showStep(deps, c, step, entries, { before, problems });
}

/** What was entered for the rule before, or what it has. */
function editEntries(deps: PageDeps, c: PageContext, before: ListedTrustRule): Entries {
  const entries = toEntries(before, deps.issuer, ruleVersion(before));
  const { rule, provider, version } = entries;
  const draft = withDraft(deps, c, "workload", { rule, provider });
  const isBegun = Object.keys(draft).length > 2;
  return isBegun ? { ...entries, ...draft, version } : entries;
}

/** POST /admin/trust/add and /admin/trust/edit: checks a step and redirects to the next one. */
export async function submitRuleStep(deps: PageDeps, c: PageContext): Promise<Response> {
  const form = c.get("form");
  const entered = readEntries(form, deps.catalog.scopes());
  const before = await editedRule(deps, entered);
  if (before instanceof DomainError || isEdit(c) !== (before !== undefined)) {
    return ruleNotFound(deps, c);
  }
  // The risks of a rule are those of its own provider, which stays.
  if (before !== undefined) entered.provider = before.provider;
  const step = readStep(form("step"), entered);
  const action = form("do") ?? "next";
  const entries = await withoutSuggestedName(deps, entered);
  rememberDraft(deps, c, entries);
  if (action === "back") return c.redirect(stepPath(deps, c, previous(step), entries), 303);
  switch (step) {
    case "workload": {
      const completed = await completeWorkload(deps, entries, before);
      if (completed instanceof DomainError) return problemStep(deps, c, step, entries, completed);
      rememberDraft(deps, c, completed);
      return c.redirect(stepPath(deps, c, "permissions", completed), 303);
    }
    case "permissions": {
      const checked = await checkRule(deps, c, entries, before);
      if (checked instanceof DomainError) return problemStep(deps, c, step, entries, checked);
      return c.redirect(stepPath(deps, c, "test", entries), 303);
    }
    case "test":
      return action === "save"
        ? await save(deps, c, entries, before)
        : await test(deps, c, entries, before);
    default: {
      const error = new DomainError("invalid", "Choose a provider.");
      return problemStep(deps, c, "provider", {}, error);
    }
  }
}

/** A name that was suggested follows the workload if that is changed afterwards. */
async function withoutSuggestedName(deps: PageDeps, entries: Entries): Promise<Entries> {
  if (entries.name === undefined) return entries;
  const draft = await draftWorkload(deps, entries);
  const isSuggested = !(draft instanceof DomainError) && draft.name === entries.name;
  return isSuggested ? { ...entries, name: undefined } : entries;
}

async function test(
  deps: PageDeps,
  c: PageContext,
  entries: Entries,
  before: ListedTrustRule | undefined,
): Promise<Response> {
  const form = c.get("form");
  const [token, rejection] = [form("token"), form("rejection")];
  const checked = await checkRule(deps, c, entries, before);
  if (checked instanceof DomainError) {
    return problemStep(deps, c, "test", entries, checked);
  }
  const input = token === undefined ? { rejection: rejection ?? "" } : { token };
  const tested = await testRule(
    administrator(deps, c),
    checked.candidate,
    before,
    input,
  );
  if (tested instanceof DomainError) {
    const problem = token === undefined && rejection === undefined
      ? new DomainError("invalid", "Paste a token, or select a rejected job.", { field: "token" })
      : tested;
    return problemStep(deps, c, "test", entries, problem);
  }
  return await showStep(deps, c, "test", entries, {
    before,
    test: tested,
    rejection: token === undefined ? rejection : undefined,
  });
}

async function save(
  deps: PageDeps,
  c: PageContext,
  entries: Entries,
  before: ListedTrustRule | undefined,
): Promise<Response> {
  const form = c.get("form");
  const candidate = await draftRule(deps, entries, before);
  if (candidate instanceof DomainError) {
    return problemStep(deps, c, "test", entries, candidate);
  }
  const saved = await saveRule(administrator(deps, c), candidate, {
    before,
    version: entries.version,
    force: form("force") === "on",
    extendAccount: form("extend") ?? "",
  });
  if (saved instanceof DomainError) {
    return problemStep(deps, c, "test", entries, saved);
  }
  const note = candidate.byName === undefined ? "" : ` ${byNameNote(candidate.byName)}`;
  setNotice(
    deps,
    c,
    before === undefined
      ? {
        code: "rule_added",
        text: `Added the rule ${saved.name}. It acts as ${saved.actsAs}.${note}`,
      }
      : {
        code: "rule_changed",
        text: `Changed the rule ${saved.name}. Tokens that it has issued stay as they are.${note}`,
      },
  );
  return c.redirect(TRUST_PATH, 303);
}

interface CheckedRule {
  candidate: Candidate;
  saved: SavedRule;
  /** Scopes of the rule that the selected service account may not have. */
  missingScopes: string[];
}

/** The rule and the effects of saving it, which is tried and rolled back. */
async function checkRule(
  deps: PageDeps,
  c: PageContext,
  entries: Entries,
  before: ListedTrustRule | undefined,
): Promise<CheckedRule | DomainError> {
  const candidate = await draftRule(deps, entries, before);
  if (candidate instanceof DomainError) return candidate;
  const saved = await saveRule(administrator(deps, c), candidate, {
    before,
    version: entries.version,
    force: true,
    extendAccount: candidate.scope,
    dryRun: true,
  });
  if (saved instanceof DomainError) return saved;
  return { candidate, saved, missingScopes: await scopesWithoutEffect(deps, candidate) };
}

async function scopesWithoutEffect(
  { sql }: PageDeps,
  { account: name, scope }: Candidate,
): Promise<string[]> {
  const account = name === undefined ? undefined : await findServiceAccountByName(sql, name);
  if (account === undefined) return [];
  return missingScopes(parseScope(scope) ?? [], parseScope(account.scope) ?? []);
}

async function showStep(
  deps: PageDeps,
  c: PageContext,
  step: Step,
  entries: Entries,
  state: StepState,
): Promise<Response> {
  const { before, problems = [] } = state;
  const name = providerOf(entries);
  if (step === "provider" || name === undefined) {
    return await providerStep(deps, c, entries, problems);
  }
  const draft = await draftWorkload(deps, entries);
  const preview = previewOf(entries, draft, before);
  if (step === "workload") {
    return await workloadStep(deps, c, { name, entries, problems, preview });
  }
  if (draft instanceof DomainError) {
    return await showStep(deps, c, "workload", entries, { before, problems: [toProblem(draft)] });
  }
  if (step === "permissions") {
    const suggestedName = draft.name;
    return await permissionStep(deps, c, { entries, before, suggestedName, problems, preview });
  }
  const checked = await checkRule(deps, c, entries, before);
  if (checked instanceof DomainError) {
    return await showStep(deps, c, "permissions", entries, {
      before,
      problems: [toProblem(checked)],
    });
  }
  const { candidate, saved: { newAccountScopes } } = checked;
  return await testStep(deps, c, {
    entries,
    candidate,
    newAccountScopes,
    test: state.test,
    rejection: state.rejection,
    problems,
    preview: previewOf(entries, draft, before, checked),
  });
}

/**
 * Redirects to the step that has the field that is at fault, or to `step`: a page that answered a
 * form could not be shown again by the browser's Back button.
 */
function problemStep(
  deps: PageDeps,
  c: PageContext,
  step: Step,
  entries: Entries,
  error: DomainError,
): Response {
  if (error.field === "version") {
    setNotice(deps, c, { code: "rule_not_changed", text: error.message, problem: true });
    return c.redirect(TRUST_PATH, 303);
  }
  const problem = toProblem(error);
  const [id] = problem.fields ?? [];
  const home = STEP_FIELDS.find(({ fields }) => fields.some((name) => name === id))?.step ?? step;
  return c.redirect(stepPath(deps, c, home, entries, problem), 303);
}

const STEP_FIELDS: readonly { step: Step; fields: readonly string[] }[] = [
  { step: "workload", fields: WORKLOAD_ENTRIES },
  { step: "permissions", fields: [...PERMISSION_ENTRIES, "scopes"] },
];

function toProblem(error: DomainError): FormProblem {
  return toFormProblem(error, FIELD_IDS);
}

/** Ids of fields that use cases call differently. */
const FIELD_IDS: Record<string, string> = {
  repositoryId: "repository_id",
  lifetimeSeconds: "lifetime",
  enabledUntil: "until",
  serviceAccount: "account",
  scope: "scopes",
  extendAccount: "account-extension",
};

function previewOf(
  entries: Entries,
  draft: WorkloadDraft | DomainError,
  before: ListedTrustRule | undefined,
  checked?: CheckedRule,
): Child {
  const workloads = draft instanceof DomainError ? undefined : draft;
  const { scope, until } = entries;
  const { newAccountScopes } = checked?.saved ?? { newAccountScopes: [] };
  const enabledUntil = checked?.candidate.enabledUntil ?? until;
  return (
    <>
      {before !== undefined && checked !== undefined && (
        <p>
          Before:{" "}
          <RuleSentence
            rule={{
              ...before,
              workloads: before,
              actsAs: actsAs(entries, before, undefined),
            }}
          />
        </p>
      )}
      <p id="sentence">
        {before !== undefined && checked !== undefined && "After: "}
        <RuleSentence
          rule={{
            provider: providerOf(entries)!,
            workloads,
            scope,
            actsAs: actsAs(entries, before, workloads),
            lifetimeSeconds: scope === undefined ? undefined : lifetimeOf(entries),
            enabledUntil: isDate(enabledUntil) ? new Date(enabledUntil) : undefined,
          }}
        />
      </p>
      {newAccountScopes.length > 0 && (
        <p class="warning" id="account-extension" tabindex={-1}>
          The service account <UntrustedText text={before!.principalName} max={100} />{" "}
          could not have <code>{newAccountScopes.join(", ")}</code>{" "}
          before. Saving allows it. Its personal access tokens keep their scopes.
        </p>
      )}
      {checked !== undefined && checked.missingScopes.length > 0 && (
        <p class="warning" id="missing-scopes">
          The service account <UntrustedText text={checked.saved.actsAs} max={100} /> may not have
          {" "}
          <code>{checked.missingScopes.join(", ")}</code>, so that its workloads do not get it
          either. Only an operator can change the scopes of an account.
        </p>
      )}
      {workloads?.byName !== undefined && (
        <p class="warning" id="by-name">
          <UntrustedText text={byNameNote(workloads.byName)} max={500} />
        </p>
      )}
      {workloads !== undefined && workloads.risks.length > 0 && (
        <div class="alert" id="risks">
          <p>
            <strong>This rule would trust workloads of others.</strong>
          </p>
          <ul class="scopes">
            {workloads.risks.map(({ code, message }) => (
              <li key={code} data-risk={code}>{message}</li>
            ))}
          </ul>
        </div>
      )}
      {workloads !== undefined && <Requirements rule={workloads} />}
    </>
  );
}

/** Undefined if it is not a valid number. */
function lifetimeOf({ lifetime }: Entries): number | undefined {
  const seconds = Number(lifetime ?? DEFAULT_LIFETIME_SECONDS);
  return Number.isInteger(seconds) && seconds > 0 ? seconds : undefined;
}

function isDate(text: string | undefined): text is string {
  return text !== undefined && !Number.isNaN(Date.parse(text));
}

function actsAs(
  entries: Entries,
  before: ListedTrustRule | undefined,
  workloads: WorkloadDraft | undefined,
): string | undefined {
  if (before !== undefined) return accountOf(before);
  if (entries.account !== undefined) return `the service account ${entries.account}`;
  const name = entries.name ?? workloads?.name;
  return name === undefined ? undefined : `the new service account ${name}`;
}

function readStep(text: string | undefined, entries: Entries): Step {
  const step = STEPS.find((step) => step === text);
  if (entries.rule !== undefined) return step === "provider" ? "workload" : step ?? "workload";
  return step ?? (providerOf(entries) === undefined ? "provider" : "workload");
}

function previous(step: Step): Step {
  return STEPS[Math.max(0, STEPS.indexOf(step) - 1)];
}

function isEdit(c: PageContext): boolean {
  return c.req.path === `${TRUST_PATH}/edit`;
}

function ruleNotFound(deps: PageDeps, c: PageContext): Response {
  const text = "This rule no longer exists.";
  setNotice(deps, c, { code: "rule_already_removed", text, problem: true });
  return c.redirect(TRUST_PATH, 303);
}

/** Where a user returns after signing in again: to the step, with the entries that fit a URL. */
export function ruleStepReturnPath(deps: PageDeps, c: PageContext): string {
  const search = new URL(c.req.url).search;
  if (c.get("session") === undefined) {
    const query = new URLSearchParams(search);
    const [name, value] = [...query].find(([name]) => isUnsigned(name)) ?? [];
    return name === undefined
      ? c.req.path
      : `${c.req.path}?${new URLSearchParams({ [name]: value! })}`;
  }
  const form = c.req.method === "POST" ? c.get("form") : undefined;
  const { step, entries } = form === undefined
    ? readStepQuery(deps, c, search)
    : { step: form("step"), entries: readEntries(form, deps.catalog.scopes()) };
  const path = stepPath(deps, c, readStep(step, entries), entries);
  if (path.length <= MAX_RETURN_PATH) return path;
  const { rule, provider } = entries;
  return stepPath(deps, c, "workload", rule === undefined ? { provider } : { rule });
}

/** See safeRedirect. */
const MAX_RETURN_PATH = 512;
