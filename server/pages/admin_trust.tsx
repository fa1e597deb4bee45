import { OperationError } from "../admin/operation.ts";
import { addTrustRule, listAllTrustRules, type ListedRule } from "../admin/trust_operations.ts";
import type { FormParameters } from "../endpoints/form.ts";
import { isProviderName, providers } from "../federation/providers.ts";
import { repositoryIdLookUp } from "../federation/repository_id.ts";
import { draftRule, RuleDraftError } from "../federation/rule_draft.ts";
import { parseDuration } from "../setting_values.ts";
import { needsFreshSignIn, signedInSession, signInPath } from "./browser_session.ts";
import { formToken } from "./form_token.ts";
import { FormToken, Problem } from "./layout.tsx";
import { leaveNotice } from "./notice.ts";
import { page, type PageContext, type PageParts } from "./page.tsx";
import { AskButton } from "./question.tsx";
import { Foreign } from "./foreign.tsx";

const PATH = "/admin/trust";

/** GET /admin/trust: which CI jobs and workloads are trusted. */
export async function showTrust(parts: PageParts, c: PageContext): Promise<Response> {
  return await trustPage(parts, c, {});
}

/** POST /admin/trust: adds a rule, or says why it would let strangers in. */
export async function submitTrust(parts: PageParts, c: PageContext): Promise<Response> {
  const form = c.get("form");
  try {
    const text = await addFromForm({ ...parts, actor: signedInSession(c).user.id }, form);
    leaveNotice(parts, c, { text });
    return c.redirect(PATH, 303);
  } catch (error) {
    const expected = error instanceof OperationError || error instanceof RuleDraftError;
    if (!expected) throw error;
    return await trustPage(parts, c, { problem: error.message, form });
  }
}

/** Adds the rule and says so. */
async function addFromForm(
  parts: PageParts & { actor: string },
  form: FormParameters,
): Promise<string> {
  const provider = form("provider") ?? "";
  if (!isProviderName(provider)) throw new OperationError("Choose a provider.");
  const lifetimeSeconds = parseDuration(form("lifetime") ?? "10m");
  if (lifetimeSeconds === undefined) {
    throw new OperationError("The life of a token is written like 10m.");
  }
  const lines = (form("conditions") ?? "").split(/\r?\n/).map((line) => line.trim());
  const draft = await draftRule(provider, {
    subject: form("subject"),
    branch: form("branch"),
    tag: form("tag"),
    environment: form("environment"),
    issuer: form("issuer"),
    conditions: lines.filter((line) => line !== ""),
  }, repositoryIdLookUp(parts.http, parts.config.federation.privateIssuers));
  const name = form("name") ?? draft.name;
  const { actsAs } = await addTrustRule(parts, {
    name,
    provider,
    issuer: draft.issuer,
    conditions: draft.conditions,
    scope: form("scope") ?? "",
    lifetimeSeconds,
    serviceAccount: form("account"),
    enabledUntil: form("until"),
    force: form("force") === "on",
  });
  return [`Added the rule ${name}. It acts as ${actsAs}.`, ...draft.notes].join(" ");
}

async function trustPage(
  parts: PageParts,
  c: PageContext,
  { problem, form }: { problem?: string; form?: FormParameters },
): Promise<Response> {
  const rules = await listAllTrustRules(parts, {});
  const token = formToken(parts, c);
  return await page(parts, c, {
    title: problem ? "Error: trusted workloads" : "Trusted workloads",
    status: problem ? 422 : 200,
    children: (
      <main class="wide">
        <h1>Trusted workloads</h1>
        <p>
          A CI job that fits a rule gets a short-lived access token for its provider's identity
          token. It needs no stored secret.
        </p>
        {rules.length === 0
          ? <p class="quiet">No rule yet: nothing is trusted.</p>
          : (
            <ul class="logins">
              {rules.map((rule) => <Rule key={rule.name} rule={rule} />)}
            </ul>
          )}
        <h2>Add a rule</h2>
        {needsFreshSignIn(parts, signedInSession(c))
          ? (
            <p>
              <a class="button" href={signInPath(PATH, { again: true })}>
                Sign in again to add one
              </a>
            </p>
          )
          : <RuleForm token={token} problem={problem} form={form} />}
      </main>
    ),
  });
}

function RuleForm(
  { token, problem, form }: { token: string; problem?: string; form?: FormParameters },
) {
  return (
    <>
      {problem && <Problem id="problem">{problem}</Problem>}
      <form method="post" action={PATH} aria-describedby={problem && "problem"}>
        <FormToken token={token} />
        <div class="field">
          <label for="provider">Provider</label>
          <select id="provider" name="provider">
            {Object.entries(providers).map(([name, { title }]) => (
              <option value={name} selected={form?.("provider") === name}>{title}</option>
            ))}
          </select>
        </div>
        <Text
          form={form}
          name="subject"
          label="Which"
          hint="acme/api for GitHub and GitLab, namespace/name for Kubernetes, the id elsewhere"
        />
        <Text form={form} name="branch" label="Branch" hint="main, or release-*" />
        <Text form={form} name="tag" label="Tag" hint="v*; instead of a branch" />
        <Text form={form} name="environment" label="Environment" hint="production" />
        <Text
          form={form}
          name="issuer"
          label="Issuer"
          hint="where each installation has its own: https://gitlab.example.com"
        />
        <div class="field">
          <label for="conditions">Further conditions</label>
          <textarea
            id="conditions"
            name="conditions"
            spellcheck={false}
            aria-describedby="conditions-hint"
          >
            {form?.("conditions") ?? ""}
          </textarea>
          <p class="hint" id="conditions-hint">
            One a line: claim=value, or claim~glob* where * stands for anything but : and /
          </p>
        </div>
        <Text form={form} name="scope" label="Scopes to grant" hint="with spaces between" />
        <Text
          form={form}
          name="account"
          label="Acts as service account"
          hint="left empty, a new one of the rule's name"
        />
        <Text form={form} name="lifetime" label="Longest life of a token" hint="10m" />
        <Text form={form} name="until" label="The rule ends on" hint="2027-01-31; or never" />
        <Text
          form={form}
          name="name"
          label="Name of the rule"
          hint="left empty, made from the above"
        />
        <label class="check">
          <input type="checkbox" name="force" /> Add it even if it would let strangers in
        </label>
        <button class="main" type="submit">Add the rule</button>
      </form>
    </>
  );
}

function Rule({ rule }: { rule: ListedRule }) {
  return (
    <li>
      <div>
        <p>
          <strong>
            <Foreign text={rule.name} max={100} />
          </strong>
        </p>
        <p class="quiet small">
          {providers[rule.provider].title}: <Foreign text={rule.conditions.join(", ")} max={400} />
        </p>
        <p class="quiet small">
          Grants <Foreign text={rule.scope} max={256} /> as <Foreign text={rule.actsAs} max={100} />
          {rule.enabledUntil && ` until ${rule.enabledUntil.slice(0, 10)}`}
        </p>
      </div>
      <AskButton
        action={`${PATH}/remove`}
        fields={{ name: rule.name }}
        word="Remove"
        about={`the rule ${rule.name}`}
      />
    </li>
  );
}

function Text(
  { form, name, label, hint }: {
    form?: FormParameters;
    name: string;
    label: string;
    hint: string;
  },
) {
  return (
    <div class="field">
      <label for={name}>{label}</label>
      <input
        id={name}
        name={name}
        maxlength={500}
        autocapitalize="none"
        autocomplete="off"
        spellcheck={false}
        value={form?.(name) ?? ""}
        aria-describedby={`${name}-hint`}
      />
      <p class="hint" id={`${name}-hint`}>{hint}</p>
    </div>
  );
}
