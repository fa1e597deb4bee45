import { findRunEvents, listEventsAbout } from "../../store/audit_log/stories.ts";
import { findTrustRuleById } from "../../store/trust_rules.ts";
import type { AuditRecord } from "../../store/audit_log/list.ts";
import { isUuid } from "../../../shared/uuid.ts";
import { byWhom, namesOf, step, type Story, type WhyDeps } from "./story.ts";

const MAX_EVENTS = 20;
const MAX_CHANGES = 10;
/** How far back runs are looked for, in ms. */
const SEARCHED_MS = 90 * 86_400_000;
/** Shown as what the run is, in this order. */
const RUN_FACTS = [
  "issuer",
  "sub",
  "aud",
  "repository",
  "project_path",
  "run_id",
  "pipeline_id",
  "ref",
];

/** What a CI job got or was refused: by the id of the run, its subject, or another recorded claim. */
export async function describeRun(deps: WhyDeps, text: string): Promise<Story | undefined> {
  const { sql, clock } = deps;
  const since = new Date(clock.now() - SEARCHED_MS);
  const events = await findRunEvents(sql, { text, since, limit: MAX_EVENTS });
  const newest = events.at(0);
  if (newest === undefined) return undefined;
  const ruleId = events.find(({ subject }) => subject !== null)?.subject;
  const rule = ruleId && isUuid(ruleId) ? await findTrustRuleById(sql, ruleId) : undefined;
  const ruleName = rule?.name ?? String(newest.details.rule ?? ruleId ?? "");
  // Changes of rules are recorded with the name.
  const ruleEvents = ruleId
    ? await listEventsAbout(sql, { subjects: [ruleId, ruleName], limit: MAX_CHANGES })
    : [];
  const changes = ruleEvents.filter(({ event }) => event.startsWith("trust_rule."));
  const name = await namesOf(sql, [...events, ...changes]);
  return {
    kind: "run",
    id: text,
    title: `Workload ${newest.details.sub ?? text}`,
    state: newest.event === "workload.token_issued" ? "issued" : "refused",
    facts: [
      ...RUN_FACTS.filter((fact) => newest.details[fact] !== undefined)
        .map((fact) => ({ name: fact, value: String(newest.details[fact]) })),
      ...ruleName === "" ? [] : [{ name: "trust rule", value: ruleName }],
      ...rule === undefined ? [] : [{ name: "acts as", value: rule.principalName }],
    ],
    steps: [
      ...changes.map((event) =>
        step(
          event.occurredAt,
          `the trust rule ${ruleName} was ${event.event.split(".")[1]}${byWhom(event, name)}`,
        )
      ),
      ...events.toReversed().map((event) => step(event.occurredAt, outcome(event))),
    ],
  };
}

function outcome({ event, details, address }: AuditRecord): string {
  const from = address === null ? "" : ` from ${address}`;
  if (event === "workload.token_issued") {
    const what = details.count === undefined ? "an access token" : `${details.count} more`;
    return `got ${what}${from}, with the scopes ${details.scope || "none"}`;
  }
  return `was refused${from}: ${details.reason}`;
}
