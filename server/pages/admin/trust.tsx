import { parseDurationSeconds } from "../../../shared/duration.ts";
import { OperationError } from "../../admin/operation.ts";
import { addTrustRule, listAllTrustRules, type ListedRule } from "../../admin/trust_operations.ts";
import type { FormParameters } from "../../http/form.ts";
import { DomainError } from "../../domain_error.ts";
import { buildRule, byNameNote } from "../../federation/build_rule.ts";
import { isProviderName, provider, providers } from "../../federation/providers.ts";
import { repositoryNumberLookUp } from "../../federation/repository_number.ts";
import { needsFreshSignIn, signedInSession, signInPath } from "../http/browser_session.ts";
import {
  ErrorSummary,
  Field,
  FieldError,
  fieldState,
  type FormProblem,
  formTitle,
} from "../ui/form_field.tsx";
import { csrfToken } from "../http/csrf.ts";
import { CsrfField } from "../ui/layout.tsx";
import { setNotice } from "../http/notice.ts";
import { type PageContext, type PageDeps, renderPage } from "../render.tsx";
import { ActionButton } from "../ui/confirmation.tsx";
import { UntrustedText } from "../ui/untrusted_text.tsx";

const PATH = "/admin/trust";

/** GET /admin/trust: which CI jobs and workloads are trusted. */
export async function showTrust(deps: PageDeps, c: PageContext): Promise<Response> {
  return await trustPage(deps, c, {});
}

/** POST /admin/trust: adds a rule, or says why it would let strangers in. */
export async function submitTrust(deps: PageDeps, c: PageContext): Promise<Response> {
  const form = c.get("form");
  const added = await addFromForm({ ...deps, actor: signedInSession(c).user.id }, form);
  if (typeof added !== "string") return await trustPage(deps, c, { problems: added, form });
  setNotice(deps, c, { text: added });
  return c.redirect(PATH, 303);
}

interface RuleProblem extends FormProblem {
  /** A service account that the rule may act as, if the administrator says so. */
  existingAccount?: string;
}

/** Adds the rule and says so, or what is wrong with the form. */
async function addFromForm(
  deps: PageDeps & { actor: string },
  form: FormParameters,
): Promise<string | RuleProblem[]> {
  const providerName = form("provider") ?? "";
  if (!isProviderName(providerName)) {
    return [{ message: "Choose a provider.", fields: ["provider"] }];
  }
  const problems: RuleProblem[] = [];
  const lifetimeSeconds = parseDurationSeconds(form("lifetime") ?? "10m");
  if (lifetimeSeconds === undefined) {
    const message = "The longest life of a token is not a valid duration. Write it like 10m.";
    problems.push({ message, fields: ["lifetime"] });
  }
  const lines = (form("conditions") ?? "").split(/\r?\n/).map((line) => line.trim());
  const options = {
    subject: form("subject"),
    repositoryId: form("repository_id"),
    branch: form("branch"),
    tag: form("tag"),
    environment: form("environment"),
    issuer: form("issuer"),
    conditions: lines.filter((line) => line !== ""),
  };
  const lookUp = repositoryNumberLookUp(deps.http, deps.config.federation.privateIssuers);
  const draft = await buildRule(providerName, options, lookUp);
  if (draft instanceof DomainError) return [...problems, toProblem(draft)];
  if (lifetimeSeconds === undefined) return problems;
  const name = form("name") ?? draft.name;
  try {
    const { actsAs } = await addTrustRule(deps, {
      name,
      provider: providerName,
      issuer: draft.issuer,
      conditions: draft.conditions,
      scope: form("scope") ?? "",
      lifetimeSeconds,
      // Ticked for the very name that was asked about, not for one that was typed since.
      serviceAccount: form("account") ?? (form("existing") === name ? name : undefined),
      enabledUntil: form("until"),
      force: form("force") === "on",
    });
    const note = draft.byName === undefined ? "" : ` ${byNameNote(draft.byName)}`;
    return `Added the rule ${name}. It acts as ${actsAs}.${note}`;
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    return [toProblem(error)];
  }
}

/** A failure as the page shows it, beside the fields that are at fault. */
function toProblem(error: DomainError | OperationError): RuleProblem {
  if (error instanceof DomainError) {
    return { message: error.message, fields: fieldIds(error.field) };
  }
  const { fields = [], onPage } = error.hints;
  return {
    message: onPage ?? asSentence(error.message),
    fields: fields.flatMap(fieldIds),
    existingAccount: error.existingAccount,
  };
}

function fieldIds(field: string | undefined): string[] {
  return field === undefined ? [] : [FIELD_IDS[field] ?? field];
}

/** Fields whose ids are not the names that operations have for them. */
const FIELD_IDS: Record<string, string> = {
  lifetimeSeconds: "lifetime",
  enabledUntil: "until",
  serviceAccount: "account",
  repositoryId: "repository_id",
};

/** Messages for the command line begin small and end without a full stop. */
function asSentence(message: string): string {
  const sentence = message[0].toUpperCase() + message.slice(1);
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}

async function trustPage(
  deps: PageDeps,
  c: PageContext,
  { problems = [], form }: { problems?: readonly RuleProblem[]; form?: FormParameters },
): Promise<Response> {
  const rules = await listAllTrustRules(deps, {});
  const token = csrfToken(deps, c);
  return await renderPage(deps, c, {
    title: formTitle("Trusted workloads", problems),
    status: problems.length > 0 ? 422 : 200,
    children: (
      <main class="wide">
        <h1>Trusted workloads</h1>
        <ErrorSummary problems={problems} />
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
        {needsFreshSignIn(deps, signedInSession(c))
          ? (
            <p>
              <a class="button" href={signInPath(PATH, { again: true })}>
                Sign in again to add one
              </a>
            </p>
          )
          : <RuleForm token={token} problems={problems} form={form} />}
      </main>
    ),
  });
}

function RuleForm(
  { token, problems, form }: {
    token: string;
    problems: readonly RuleProblem[];
    form?: FormParameters;
  },
) {
  const existing = problems.find(({ existingAccount }) => existingAccount)?.existingAccount;
  return (
    <>
      <form method="post" action={PATH}>
        <CsrfField token={token} />
        <Field id="provider" label="Provider" problems={problems}>
          <select id="provider" name="provider" {...fieldState(problems, "provider")}>
            {providers.map(({ name, title }) => (
              <option value={name} selected={form?.("provider") === name}>{title}</option>
            ))}
          </select>
        </Field>
        <Text
          form={form}
          problems={problems}
          name="subject"
          label="Which"
          hint={subjectHint()}
        />
        <Text
          form={form}
          problems={problems}
          name="repository_id"
          label="Its number"
          hint="of the repository or project, which no rename changes; looked up if left empty"
        />
        <Text
          form={form}
          problems={problems}
          name="branch"
          label="Branch"
          hint="main, or release-*"
        />
        <Text
          form={form}
          problems={problems}
          name="tag"
          label="Tag"
          hint="v*; instead of a branch"
        />
        <Text
          form={form}
          problems={problems}
          name="environment"
          label="Environment"
          hint="production"
        />
        <Text
          form={form}
          problems={problems}
          name="issuer"
          label="Issuer"
          hint="where each installation has its own: https://gitlab.example.com"
        />
        <Field
          id="conditions"
          label="Further conditions"
          hint="One a line: claim=value, or claim~glob* where * stands for anything but : and /"
          problems={problems}
        >
          <textarea
            id="conditions"
            name="conditions"
            spellcheck={false}
            {...fieldState(problems, "conditions", { hint: true })}
          >
            {form?.("conditions") ?? ""}
          </textarea>
        </Field>
        <Text
          form={form}
          problems={problems}
          name="scope"
          label="Scopes to grant"
          hint="with spaces between"
        />
        <Text
          form={form}
          problems={problems}
          name="account"
          label="Acts as service account"
          hint="left empty, a new one of the rule's name"
        />
        <Text
          form={form}
          problems={problems}
          name="lifetime"
          label="Longest life of a token"
          hint="10m"
        />
        <Text
          form={form}
          problems={problems}
          name="until"
          label="The rule ends on"
          hint="2027-01-31; or never"
        />
        <Text
          form={form}
          problems={problems}
          name="name"
          label="Name of the rule"
          hint="left empty, made from the above"
        />
        {existing && (
          <div class="field">
            <label class="check">
              <input
                id="existing"
                type="checkbox"
                name="existing"
                value={existing}
                {...fieldState(problems, "existing")}
              />{" "}
              Act as the existing service account <UntrustedText text={existing} max={100} />
            </label>
            <FieldError id="existing" problems={problems} />
          </div>
        )}
        <div class="field">
          <label class="check">
            <input
              id="force"
              type="checkbox"
              name="force"
              {...fieldState(problems, "force")}
            />{" "}
            Add it even if it would let strangers in
          </label>
          <FieldError id="force" problems={problems} />
        </div>
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
            <UntrustedText text={rule.name} max={100} />
          </strong>
        </p>
        <p class="quiet small">
          {provider(rule.provider).title}:{" "}
          <UntrustedText text={rule.conditions.join(", ")} max={400} />
        </p>
        <p class="quiet small">
          Grants <UntrustedText text={rule.scope} max={256} /> as{" "}
          <UntrustedText text={rule.actsAs} max={100} />
          {rule.enabledUntil && ` until ${rule.enabledUntil.slice(0, 10)}`}
        </p>
      </div>
      <ActionButton
        action={`${PATH}/remove`}
        fields={{ name: rule.name }}
        word="Remove"
        about={`the rule ${rule.name}`}
      />
    </li>
  );
}

/** The form of the subject, with the providers that share it. */
function subjectHint(): string {
  const titles = new Map<string, string[]>();
  for (const { title, subject } of providers) {
    titles.set(subject.form, [...titles.get(subject.form) ?? [], title]);
  }
  return [...titles].map(([form, titles]) => `${form} for ${titles.join(" and ")}`).join("; ");
}

function Text(
  { form, problems, name, label, hint }: {
    form?: FormParameters;
    problems: readonly FormProblem[];
    name: string;
    label: string;
    hint: string;
  },
) {
  return (
    <Field id={name} label={label} hint={hint} problems={problems}>
      <input
        id={name}
        name={name}
        maxlength={500}
        autocapitalize="none"
        autocomplete="off"
        spellcheck={false}
        value={form?.(name) ?? ""}
        {...fieldState(problems, name, { hint: true })}
      />
    </Field>
  );
}
