import type { Area } from "../../../shared/finding.ts";
import { recordRepeatedAuditEvent } from "../../store/repeated_audit_events.ts";
import { adminEvent } from "../admin_event.ts";
import { examineServer } from "./examine.ts";
import type { AdminDeps, Empty, Operation } from "../operation.ts";

const NOTIFICATIONS = ["mail", "webhook", "notifications"];

/** Checks what the database and the network say about the server. */
export const examine: Operation<Empty, { areas: Area[] }> = async (deps) => {
  const areas = await examineServer(deps, { brief: false });
  // A database that accepts no writes is one of the findings.
  await recordTest(deps, areas).catch(() => {});
  return { areas };
};

/** What the server was asked to send, and whether it was accepted. */
async function recordTest(deps: AdminDeps, areas: readonly Area[]): Promise<void> {
  const { config: { mail, webhook }, sql, clock } = deps;
  if (mail === undefined && webhook === undefined) return;
  const tested = areas.flatMap(({ findings }) => findings)
    .filter(({ check }) => NOTIFICATIONS.includes(check));
  const event = adminEvent(deps, {
    event: "notifications.tested",
    details: Object.fromEntries(tested.map(({ check, status }) => [check, status])),
  });
  const isFailed = tested.some(({ status }) => status === "problem");
  await recordRepeatedAuditEvent(sql, clock, { ...event, result: isFailed ? "failed" : "ok" });
}
