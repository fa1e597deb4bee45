import { parseDurationSeconds } from "../../../../shared/duration.ts";
import { addTrustRule } from "../../../admin/trust/add_rule.ts";
import { DomainError } from "../../../domain_error.ts";
import { buildRule, byNameNote, type RuleOptions } from "../../../federation/build_rule.ts";
import { isProviderName } from "../../../federation/providers.ts";
import { repositoryNumberLookUp } from "../../../federation/repository_number.ts";
import type { FormParameters } from "../../../http/form.ts";
import { signedInSession } from "../../http/browser_session.ts";
import { setNotice } from "../../http/notice.ts";
import type { PageContext } from "../../context.ts";
import type { PageDeps } from "../../http/page_route.ts";
import type { RuleProblem } from "./rule_form.tsx";
import { trustPage } from "./show.tsx";

/** POST /admin/trust: adds a rule. */
export async function submitTrust(deps: PageDeps, c: PageContext): Promise<Response> {
  const form = c.get("form");
  const result = await addFromForm({ ...deps, actor: signedInSession(c).user.id }, form);
  if ("problems" in result) return await trustPage(deps, c, { problems: result.problems, form });
  setNotice(deps, c, { code: "rule_added", text: result.notice });
  return c.redirect("/admin/trust", 303);
}

async function addFromForm(
  deps: PageDeps & { actor: string },
  form: FormParameters,
): Promise<{ notice: string } | { problems: RuleProblem[] }> {
  const provider = form("provider") ?? "";
  if (!isProviderName(provider)) {
    return { problems: [{ code: "invalid", message: "Choose a provider.", fields: ["provider"] }] };
  }
  const problems: RuleProblem[] = [];
  const lifetimeSeconds = parseDurationSeconds(form("lifetime") ?? "10m");
  if (lifetimeSeconds === undefined) {
    const message = "The lifetime of access tokens is not a valid duration. Write it like 10m.";
    problems.push({ code: "invalid", message, fields: ["lifetime"] });
  }
  const lookUp = repositoryNumberLookUp(deps.http, deps.config.federation.privateIssuers);
  const draft = await buildRule(provider, ruleOptions(form), lookUp);
  if (draft instanceof DomainError) return { problems: [...problems, toProblem(draft)] };
  if (lifetimeSeconds === undefined) return { problems };
  const name = form("name") ?? draft.name;
  const added = await addTrustRule(deps, {
    name,
    provider,
    issuer: draft.issuer,
    conditions: draft.conditions,
    scope: form("scope") ?? "",
    lifetimeSeconds,
    // Confirmed for this name, not for one that was entered after the question.
    serviceAccount: form("account") ?? (form("existing") === name ? name : undefined),
    enabledUntil: form("until"),
    force: form("force") === "on",
  });
  if (added instanceof DomainError) return { problems: [toProblem(added, name)] };
  const note = draft.byName === undefined ? "" : ` ${byNameNote(draft.byName)}`;
  return { notice: `Added the rule ${name}. It acts as ${added.actsAs}.${note}` };
}

function ruleOptions(form: FormParameters): RuleOptions {
  const lines = (form("conditions") ?? "").split(/\r?\n/).map((line) => line.trim());
  return {
    subject: form("subject"),
    repositoryId: form("repository_id"),
    branch: form("branch"),
    tag: form("tag"),
    environment: form("environment"),
    issuer: form("issuer"),
    conditions: lines.filter((line) => line !== ""),
  };
}

/** Where to change what a DomainError names. */
const FIELD_IDS: Record<string, string[]> = {
  lifetimeSeconds: ["lifetime"],
  enabledUntil: ["until"],
  serviceAccount: ["account"],
  repositoryId: ["repository_id"],
  force: ["subject", "conditions"],
};

function toProblem({ code, field, message }: DomainError, name?: string): RuleProblem {
  // An account with the name of the rule exists.
  if (code === "conflict" && field === "serviceAccount") {
    return { code, message, fields: ["existing", "name"], existingAccount: name };
  }
  const advice = field === "force" ? " To add it anyway, select the last check box." : "";
  return {
    code,
    message: message + advice,
    fields: field === undefined ? undefined : FIELD_IDS[field] ?? [field],
  };
}
