import { listAllTrustRequests } from "../../../admin/trust/requests.ts";
import { provider } from "../../../federation/providers.ts";
import {
  lastUsesOfRules,
  type ListedTrustRule,
  listTrustRules,
} from "../../../store/trust_rules.ts";
import { managingFile } from "../../../store/managed_file.ts";
import type { PageContext } from "../../context.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { renderPage } from "../../render.tsx";
import { Badge } from "../../ui/badge.tsx";
import { ActionButton } from "../../ui/confirmation.tsx";
import { DataTable } from "../../ui/data_table.tsx";
import { EmptyState } from "../../ui/empty_state.tsx";
import { PageHeading } from "../../ui/page_heading.tsx";
import { TimeAgo, TimeUntil } from "../../ui/relative_time.tsx";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import { PendingRequests } from "./pending_requests.tsx";
import { forgetDraft } from "./draft_cookie.ts";
import { SavedRuleSentence } from "./sentence.tsx";
import { TRUST_PATH } from "./step_path.ts";

/** How far back the last use of a rule is looked for. */
const USE_DAYS = 30;

/** GET /admin/trust: the trust rules. */
export async function showTrust(deps: PageDeps, c: PageContext): Promise<Response> {
  const now = deps.clock.now();
  forgetDraft(deps, c);
  const rules = await listTrustRules(deps.sql);
  const lastUses = await lastUsesOfRules(deps.sql, new Date(now - USE_DAYS * 86_400_000));
  const requests = await listAllTrustRequests(deps, {});
  const addRule = <a class="button primary" href={`${TRUST_PATH}/add`}>Add rule</a>;
  return await renderPage(deps, c, {
    name: "trust",
    title: "Workloads",
    children: (
      <main class="wide">
        <PageHeading
          title="Trusted workloads"
          lead="A CI job or workload that matches a rule exchanges the identity token of its provider for a short-lived access token. It needs no stored secret."
          actions={rules.length > 0 && addRule}
        />
        {rules.length === 0
          ? (
            <EmptyState id="no-rules" title="No workload is trusted yet">
              <p>
                A rule says which jobs of a repository, or which machines, may use which scopes. It
                takes four steps: the provider, the workload, its permissions, and a test.
              </p>
              <p>{addRule}</p>
            </EmptyState>
          )
          : (
            <DataTable
              caption="Trust rules"
              rows={rules}
              attributes={({ name }) => ({ "data-rule": name })}
              columns={[
                { label: "Rule", cell: (rule) => <RuleCell rule={rule} /> },
                {
                  label: "State",
                  cell: (rule) => (
                    <span>
                      <State rule={rule} now={now} />
                    </span>
                  ),
                },
                {
                  label: "Last use",
                  cell: ({ id }) => {
                    const at = lastUses.get(id);
                    return at === undefined
                      ? <span class="muted">{`not in ${USE_DAYS} days`}</span>
                      : <TimeAgo at={at} now={now} />;
                  },
                },
                { label: "Actions", kind: "actions", cell: (rule) => <Actions rule={rule} /> },
              ]}
            />
          )}
        <PendingRequests requests={requests} now={now} />
      </main>
    ),
  });
}

function RuleCell({ rule }: { rule: ListedTrustRule }) {
  return (
    <>
      <p>
        <SavedRuleSentence rule={rule} />
      </p>
      <p class="muted small">
        <UntrustedText text={rule.name} max={100} /> · {provider(rule.provider).title}
      </p>
    </>
  );
}

export type RuleState = "disabled" | "expired" | "enabled";

export function stateOf({ disabledAt, enabledUntil }: ListedTrustRule, now: number): RuleState {
  if (disabledAt !== undefined) return "disabled";
  return enabledUntil !== undefined && enabledUntil.getTime() <= now ? "expired" : "enabled";
}

function State({ rule, now }: { rule: ListedTrustRule; now: number }) {
  const { enabledUntil } = rule;
  switch (stateOf(rule, now)) {
    case "disabled":
      return <Badge tone="neutral">Disabled</Badge>;
    case "expired":
      return (
        <>
          <Badge tone="bad">Expired</Badge> <TimeAgo at={enabledUntil!} now={now} />
        </>
      );
    case "enabled":
      return (
        <>
          <Badge tone="good">Enabled</Badge>
          {enabledUntil && (
            <>
              , ends <TimeUntil at={enabledUntil} now={now} dated />
            </>
          )}
        </>
      );
  }
}

function Actions({ rule }: { rule: ListedTrustRule }) {
  const { name, disabledAt } = rule;
  const about = `the rule ${name}`;
  const file = managingFile(rule);
  if (file !== null) {
    return (
      <span class="muted" data-managed-by={file}>
        Managed by the file <code>{file}</code>
      </span>
    );
  }
  return (
    <>
      <ActionButton
        action={`${TRUST_PATH}/edit`}
        fields={{ rule: name }}
        label="Edit"
        about={about}
      />{" "}
      {disabledAt === undefined
        ? (
          <ActionButton
            action={`${TRUST_PATH}/disable`}
            fields={{ name }}
            label="Disable"
            about={about}
          />
        )
        : (
          <ActionButton
            action={`${TRUST_PATH}/enable`}
            fields={{ name }}
            label="Enable"
            about={about}
          />
        )}{" "}
      <ActionButton
        action={`${TRUST_PATH}/remove`}
        fields={{ name }}
        label="Remove"
        about={about}
      />
    </>
  );
}
