import type { Child } from "hono/jsx";
import {
  approveTrustRequest,
  showTrustRequest,
  type TrustRequestView,
} from "../../../admin/trust/requests.ts";
import { DomainError } from "../../../domain_error.ts";
import type { FormParameters } from "../../../http/form.ts";
import type { PageContext } from "../../context.ts";
import { type FormProblem, toFormProblem } from "../../http/form_problem.ts";
import { setNotice } from "../../http/notice.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { type RenderDeps, renderPage } from "../../render.tsx";
import { formPage } from "../../ui/form_page.tsx";
import { HiddenFields } from "../../ui/hidden_fields.tsx";
import { TextField } from "../../ui/text_field.tsx";
import { administrator } from "../administrator.ts";
import { readEntries } from "./entries.ts";
import { ClaimList } from "./pending_requests.tsx";
import { AccountField, accountsOf, ScopeFields } from "./permission_step.tsx";
import { Requirements, RuleSentence } from "./sentence.tsx";
import { TRUST_PATH } from "./step_path.ts";

/** GET /admin/trust/approve?workload=…: the rule as it will be added. */
export async function showTrustApproval(deps: PageDeps, c: PageContext): Promise<Response> {
  const request = await showTrustRequest(deps, { id: Number(c.get("query")("workload")) });
  if (request instanceof DomainError) return requestNotFound(deps, c);
  return await approvalPage(deps, c, request, {});
}

/** POST /admin/trust/approve */
export async function submitTrustApproval(deps: PageDeps, c: PageContext): Promise<Response> {
  const form = c.get("form");
  const id = Number(form("workload"));
  const { scope = "", name, account } = readEntries(form, deps.catalog.scopes());
  const approved = await approveTrustRequest(administrator(deps, c), {
    id,
    scope,
    name,
    serviceAccount: account,
  });
  if (approved instanceof DomainError) {
    const request = await showTrustRequest(deps, { id });
    if (request instanceof DomainError) return requestNotFound(deps, c);
    const problem = toFormProblem(approved, { scope: "scopes", serviceAccount: "account" });
    return await approvalPage(deps, c, request, { form, problems: [problem] });
  }
  setNotice(deps, c, {
    code: "request_approved",
    text: `Added the rule ${approved.name}. The workload can get tokens now.`,
  });
  return c.redirect(TRUST_PATH, 303);
}

async function approvalPage(
  deps: PageDeps,
  c: PageContext,
  request: TrustRequestView,
  { form, problems = [] }: { form?: FormParameters; problems?: readonly FormProblem[] },
): Promise<Response> {
  const { provider, issuer, audience, rule } = request;
  const entered = form && readEntries(form, deps.catalog.scopes());
  const entries = entered ?? { scope: request.scope ?? "" };
  const workloads = { issuer, audience, conditions: rule.conditions };
  const name = entered?.name ?? rule.name;
  const actsAs = entered?.account === undefined
    ? `the new service account ${name}`
    : `the service account ${entered.account}`;
  const intro = (
    <>
      <section class="preview" aria-label="The rule" id="preview">
        <p>
          <RuleSentence
            rule={{ provider, workloads, scope: entries.scope, actsAs, lifetimeSeconds: 600 }}
          />
        </p>
        <Requirements rule={workloads} isOpen />
      </section>
      <ClaimList claims={request.claims} />
    </>
  );
  if (rule.risks.length > 0) return await riskyPage(deps, c, request, intro);
  return await formPage(deps, c, {
    name: "approve_trust_request",
    title: "Approve this workload?",
    breadcrumbs: [{ path: TRUST_PATH, label: "Workloads" }],
    intro,
    fields: (
      <>
        <HiddenFields fields={{ workload: String(request.id), scopes: "1" }} />
        <ScopeFields {...{ deps, entries, problems }} />
        <TextField
          id="name"
          label="Name of the rule"
          hint="For lists, the audit log and the command line."
          problems={problems}
          maxlength={100}
          autocapitalize="none"
          autocomplete="off"
          spellcheck={false}
          value={name}
        />
        <AccountField {...{ entries, problems }} accounts={await accountsOf(deps)} />
      </>
    ),
    submit: "Add rule",
    cancelPath: TRUST_PATH,
  }, { problems });
}

/** In place of the form, for a rule that would trust workloads of others. */
async function riskyPage(
  deps: RenderDeps,
  c: PageContext,
  { provider, rule }: TrustRequestView,
  intro: Child,
): Promise<Response> {
  return await renderPage(deps, c, {
    name: "risky_trust_request",
    title: "This workload cannot be approved",
    breadcrumbs: [{ path: TRUST_PATH, label: "Workloads" }],
    children: (
      <main class="wide">
        <h1>This workload cannot be approved</h1>
        <div class="warning">
          <p>The rule would trust workloads of others. {rule.risks.join(" ")}</p>
        </div>
        {intro}
        <p>
          <a class="button" href={`${TRUST_PATH}/add?provider=${provider}`}>Write another rule</a>
        </p>
      </main>
    ),
  });
}

export function requestNotFound(deps: RenderDeps, c: PageContext): Response {
  const text = "This request is no longer pending.";
  setNotice(deps, c, { code: "request_not_pending", text, problem: true });
  return c.redirect(TRUST_PATH, 303);
}
