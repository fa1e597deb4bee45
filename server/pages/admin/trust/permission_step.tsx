import type { Child } from "hono/jsx";
import { formatDuration } from "../../../../shared/duration.ts";
import { parseScope } from "../../../../shared/oauth/scope.ts";
import { listAllServiceAccounts } from "../../../admin/service_account_operations.ts";
import { workloadScopes } from "../../../scopes.ts";
import type { ListedTrustRule } from "../../../store/trust_rules.ts";
import type { PageContext } from "../../context.ts";
import type { FormProblem } from "../../http/form_problem.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { EmptyState } from "../../ui/empty_state.tsx";
import { Field, FieldError, fieldState } from "../../ui/form_field.tsx";
import { TextField } from "../../ui/text_field.tsx";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import { DEFAULT_LIFETIME_SECONDS } from "./candidate.ts";
import { type Entries, PERMISSION_ENTRIES } from "./entries.ts";
import { StepButtons, StepForm, stepPage } from "./steps.tsx";

const LIFETIMES = [300, 600, 900, 1800, 3600];

const SCOPES_EXAMPLE = '[scopes]\ndeploy = "Deploy new versions to production"';

const DAY_MS = 86_400_000;

/** What the workload may do, for how long, and as which account. */
export async function permissionStep(
  deps: PageDeps,
  c: PageContext,
  { entries, before, suggestedName, problems, preview }: {
    entries: Entries;
    before: ListedTrustRule | undefined;
    suggestedName: string;
    problems: readonly FormProblem[];
    preview: Child;
  },
): Promise<Response> {
  return await stepPage(deps, c, {
    step: "permissions",
    entries,
    problems,
    preview,
    children: (
      <StepForm {...{ deps, c, entries }} step="permissions" own={PERMISSION_ENTRIES}>
        <input type="hidden" name="scopes" value="1" />
        <h2>What may it do?</h2>
        <ScopeFields {...{ deps, entries, problems }} />
        {before === undefined
          ? (
            <>
              <TextField
                id="name"
                label="Name of the rule"
                hint="For lists, the audit log and the command line."
                problems={problems}
                maxlength={100}
                autocapitalize="none"
                autocomplete="off"
                spellcheck={false}
                value={entries.name ?? suggestedName}
              />
              <AccountField {...{ entries, problems }} accounts={await accountsOf(deps)} />
            </>
          )
          : (
            <p>
              It acts as{" "}
              <UntrustedText text={before.principalName} max={100} />. To change that, add another
              rule.
            </p>
          )}
        <LifetimeField {...{ entries, problems }} />
        <TextField
          id="until"
          label="End date (optional)"
          hint="The rule matches no token from 00:00 UTC of this day on."
          problems={problems}
          type="date"
          min={new Date(deps.clock.now() + DAY_MS).toISOString().slice(0, 10)}
          value={entries.until ?? ""}
        />
        <StepButtons next="Continue" />
      </StepForm>
    ),
  });
}

export function ScopeFields(
  { deps, entries, problems }: {
    deps: Pick<PageDeps, "catalog">;
    entries: Pick<Entries, "scope">;
    problems: readonly FormProblem[];
  },
) {
  const scopes = workloadScopes(deps.catalog.scopes());
  const selected = parseScope(entries.scope ?? "") ?? [];
  if (scopes.length === 0) {
    return (
      <EmptyState id="scopes" title="There are no scopes yet">
        <p>
          Scopes say what a token may be used for. Add them to the config file and restart the
          server, for example:
        </p>
        <pre class="command">{SCOPES_EXAMPLE}</pre>
      </EmptyState>
    );
  }
  return (
    <fieldset>
      <legend>Scopes</legend>
      {scopes.map(({ name, description }, index) => (
        <label class="check">
          <input
            type="checkbox"
            name={`scope:${name}`}
            checked={selected.includes(name)}
            {...index === 0 && { id: "scopes", ...fieldState(problems, "scopes") }}
          />
          <span>
            <UntrustedText text={description} max={200} /> <code class="muted small">{name}</code>
          </span>
        </label>
      ))}
      <FieldError id="scopes" problems={problems} />
    </fieldset>
  );
}

export async function accountsOf(deps: PageDeps) {
  return (await listAllServiceAccounts(deps, {})).filter(({ disabled }) => !disabled);
}

export function AccountField(
  { entries, problems, accounts }: {
    entries: Pick<Entries, "account">;
    problems: readonly FormProblem[];
    accounts: readonly { name: string; scope: string }[];
  },
) {
  return (
    <Field
      id="account"
      label="Service account"
      hint="What the workload acts as. An existing account keeps its own scopes and tokens."
      problems={problems}
    >
      <select id="account" name="account" {...fieldState(problems, "account", { hint: true })}>
        <option value="">A new one, with the name of the rule</option>
        {accounts.map(({ name, scope }) => (
          <option value={name} selected={entries.account === name}>{`${name} (${scope})`}</option>
        ))}
      </select>
    </Field>
  );
}

function LifetimeField(
  { entries, problems }: { entries: Entries; problems: readonly FormProblem[] },
) {
  const current = Number(entries.lifetime ?? DEFAULT_LIFETIME_SECONDS);
  const choices = [...new Set([...LIFETIMES, current])].filter((seconds) =>
    Number.isInteger(seconds) && seconds > 0
  ).sort((left, right) => left - right);
  return (
    <Field
      id="lifetime"
      label="Lifetime of each access token"
      hint="As long as the job needs it. A job can request another token."
      problems={problems}
    >
      <select id="lifetime" name="lifetime" {...fieldState(problems, "lifetime", { hint: true })}>
        {choices.map((seconds) => (
          <option value={String(seconds)} selected={seconds === current}>
            {formatDuration(seconds)}
          </option>
        ))}
      </select>
    </Field>
  );
}
