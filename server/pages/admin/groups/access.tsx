import { type ExplainedAccess, explainUserAccess } from "../../../admin/explain_access.ts";
import { DomainError } from "../../../domain_error.ts";
import type { Reason } from "../../../access/explain_access.ts";
import { brand } from "../../../../shared/brand.ts";
import { scopeNames } from "../../../scopes.ts";
import type { PageContext } from "../../context.ts";
import { toFormProblem } from "../../http/form_problem.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { renderPage } from "../../render.tsx";
import { Badge } from "../../ui/badge.tsx";
import { DataTable } from "../../ui/data_table.tsx";
import { Fact } from "../../ui/facts.tsx";
import { ErrorSummary, Field, formTitle } from "../../ui/form_field.tsx";
import { PageHeading } from "../../ui/page_heading.tsx";
import { TextField } from "../../ui/text_field.tsx";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import { ACCESS_PATH, GROUPS_CRUMB } from "./paths.ts";

const CHECKS: Record<Reason["check"], string> = {
  account: "Account",
  groups: "Groups",
  client: "Client",
  resource: "Resource",
  token_kind: "Personal access tokens",
  factor: "Factor of the sign-in",
  device_flow: "Device codes",
};

/** GET /admin/access?user=…&scope=…&client=… It changes nothing, so that it can be linked to. */
export async function showAccess(deps: PageDeps, c: PageContext): Promise<Response> {
  const query = (name: string, max: number) => (c.get("query")(name) ?? "").trim().slice(0, max);
  const [user, scope, client] = [query("user", 254), query("scope", 256), query("client", 2000)];
  const explanation = user === "" || scope === ""
    ? undefined
    : await explainUserAccess(deps, { user, scope, client: client || undefined });
  const problems = explanation instanceof DomainError
    ? [toFormProblem(explanation, { email: "user" })]
    : [];
  const title = "Check access";
  return await renderPage(deps, c, {
    name: "access",
    title: formTitle(title, problems),
    breadcrumbs: [GROUPS_CRUMB],
    status: problems.length > 0 ? 422 : 200,
    children: (
      <main class="wide">
        <PageHeading title={title} lead="Whether a user can have a scope, and why." />
        <ErrorSummary problems={problems} />
        <form class="form" method="get" action={ACCESS_PATH}>
          <TextField
            id="user"
            label="User or service account"
            hint="E-mail address of the user, or name of the service account."
            problems={problems}
            required
            maxlength={254}
            autocapitalize="none"
            autocomplete="off"
            spellcheck={false}
            value={user}
          />
          <Field id="scope" label="Scope" problems={problems}>
            <select id="scope" name="scope">
              {scopeNames(deps.catalog.scopes()).map((name) => (
                <option value={name} selected={name === scope}>{name}</option>
              ))}
            </select>
          </Field>
          <TextField
            id="client"
            label="Client (optional)"
            hint={`Id of the program that logs the user in. Default: ${brand.cliClientId}.`}
            problems={problems}
            maxlength={2000}
            autocapitalize="none"
            autocomplete="off"
            spellcheck={false}
            value={client}
          />
          <button class="main" type="submit">Check access</button>
        </form>
        {explanation !== undefined && !(explanation instanceof DomainError) && (
          <Explanation explanation={explanation} />
        )}
      </main>
    ),
  });
}

function Explanation({ explanation }: { explanation: ExplainedAccess }) {
  const { account, scope, client, login, personalAccessToken, groups, reasons } = explanation;
  return (
    <section aria-labelledby="answer" data-login={`${login}`} data-pat={`${personalAccessToken}`}>
      <h2 id="answer">
        <UntrustedText text={account.username} max={254} /> and <code>{scope.name}</code>
      </h2>
      <dl>
        <Fact name={account.kind === "user" ? "Login" : "Workload"}>
          <Answer isYes={login} /> through <UntrustedText text={client.id} max={100} />
        </Fact>
        <Fact name="Personal access token">
          <Answer isYes={personalAccessToken} />
        </Fact>
        {account.kind === "user" && (
          <Fact name="Groups" id="groups">
            <ul class="scopes">
              {groups.map(({ name, from }) => (
                <li>
                  <UntrustedText text={name} max={200} /> (<UntrustedText
                    text={from.join(", ")}
                    max={1000}
                  />)
                </li>
              ))}
            </ul>
          </Fact>
        )}
      </dl>
      <DataTable
        caption="Conditions"
        rows={reasons}
        attributes={({ check, ok }) => ({ "data-check": check, "data-ok": `${ok}` })}
        columns={[
          {
            label: "Condition",
            cell: ({ check }) =>
              CHECKS[check],
          },
          { label: "Met", cell: ({ ok }) => <Met ok={ok} /> },
          { label: "Why", cell: ({ message }) => <UntrustedText text={message} max={4000} /> },
        ]}
      />
    </section>
  );
}

function Answer({ isYes }: { isYes: boolean }) {
  return <Badge tone={isYes ? "good" : "bad"}>{isYes ? "Yes" : "No"}</Badge>;
}

function Met({ ok }: Pick<Reason, "ok">) {
  if (ok === null) return <Badge tone="neutral">Depends</Badge>;
  return <Answer isYes={ok} />;
}
