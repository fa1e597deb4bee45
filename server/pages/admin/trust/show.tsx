import { listAllTrustRules, type ListedRule } from "../../../admin/trust/list_rules.ts";
import { describeCondition } from "../../../federation/condition.ts";
import { provider } from "../../../federation/providers.ts";
import type { FormParameters } from "../../../http/form.ts";
import { needsFreshSignIn, signedInSession, signInPath } from "../../http/browser_session.ts";
import { csrfToken } from "../../http/csrf.ts";
import type { PageContext } from "../../context.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { renderPage } from "../../render.tsx";
import { ActionButton } from "../../ui/confirmation.tsx";
import { ErrorSummary, formTitle } from "../../ui/form_field.tsx";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import { RuleForm, type RuleProblem } from "./rule_form.tsx";

const PATH = "/admin/trust";

/** GET /admin/trust: the trust rules, and the form for another one. */
export async function showTrust(deps: PageDeps, c: PageContext): Promise<Response> {
  return await trustPage(deps, c, {});
}

export async function trustPage(
  deps: PageDeps,
  c: PageContext,
  { problems = [], form }: { problems?: readonly RuleProblem[]; form?: FormParameters },
): Promise<Response> {
  const rules = await listAllTrustRules(deps, {});
  const token = csrfToken(deps, c);
  return await renderPage(deps, c, {
    name: "trust",
    title: formTitle("Trusted workloads", problems),
    status: problems.length > 0 ? 422 : 200,
    children: (
      <main class="wide">
        <h1>Trusted workloads</h1>
        <ErrorSummary problems={problems} />
        <p>
          A CI job or workload that matches a rule exchanges the identity token of its provider for
          a short-lived access token. It needs no stored secret.
        </p>
        {rules.length === 0
          ? <p class="muted" id="no-rules">There are no rules yet.</p>
          : (
            <ul class="logins">
              {rules.map((rule) => <Rule key={rule.name} rule={rule} />)}
            </ul>
          )}
        <h2>Add a rule</h2>
        {needsFreshSignIn(deps, signedInSession(c))
          ? (
            <p>
              <a class="button" href={signInPath(PATH, { again: true })}>
                Sign in again to add a rule
              </a>
            </p>
          )
          : <RuleForm action={PATH} token={token} problems={problems} form={form} />}
      </main>
    ),
  });
}

function Rule({ rule }: { rule: ListedRule }) {
  return (
    <li>
      <div>
        <p>
          <strong>
            <UntrustedText text={rule.name} max={100} />
          </strong>
        </p>
        <p class="muted small">
          {provider(rule.provider).title}:{" "}
          <UntrustedText text={rule.conditions.map(describeCondition).join(", ")} max={400} />
        </p>
        <p class="muted small">
          Grants <UntrustedText text={rule.scope} max={256} /> as{" "}
          <UntrustedText text={rule.actsAs} max={100} />
          {rule.enabledUntil && ` until ${rule.enabledUntil.slice(0, 10)}`}
        </p>
      </div>
      <ActionButton
        action={`${PATH}/remove`}
        fields={{ name: rule.name }}
        label="Remove"
        about={`the rule ${rule.name}`}
      />
    </li>
  );
}
