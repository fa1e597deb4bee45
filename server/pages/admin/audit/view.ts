import { parseAuditTime } from "../../../audit/parse_time.ts";
import { type AuditSearch, splitEventNames } from "../../../audit/search.ts";
import type { ExportFormat } from "../../../audit/export_events.ts";
import { parseIpAddress } from "../../../http/ip_address.ts";
import type { AuditResult } from "../../../store/audit_events.ts";
import { isPersonalAccessToken, tokenPrefix } from "../../../tokens/personal_access_token.ts";
import type { PageContext } from "../../context.ts";
import type { FormProblem } from "../../http/form_problem.ts";
import { listUrl } from "../../http/list_query.ts";

export const AUDIT_PATH = "/admin/audit";
export const EXPORT_PATH = `${AUDIT_PATH}/export`;
export const HISTORY_PATH = `${AUDIT_PATH}/history`;

/** What the list is searched by: the fields of its form and the parameters of its URL. */
export const AUDIT_PARAMETERS = [
  "event",
  "actor",
  "subject",
  "address",
  "result",
  "since",
  "until",
  "request",
] as const;

export const MAX_PARAMETER = 254;
export const RESULTS: readonly (readonly [AuditResult, string])[] = [
  ["ok", "OK"],
  ["refused", "Refused"],
  ["failed", "Failed"],
];

export type AuditParameters = Partial<Record<typeof AUDIT_PARAMETERS[number], string>>;

export interface AuditView extends AuditParameters {
  /** Cursors: the page begins after, or ends before, this event. */
  after?: string;
  before?: string;
}

export function readAuditView(c: PageContext): AuditView {
  const query = c.get("query");
  const read = (name: string) => (query(name) ?? "").trim().slice(0, MAX_PARAMETER) || undefined;
  const parameters = Object.fromEntries(
    // A whole token must not stay in a URL. Its prefix finds it as well.
    AUDIT_PARAMETERS.map((name) => [name, read(name)])
      .map(([name, value]) => [
        name,
        value !== undefined && isPersonalAccessToken(value) ? tokenPrefix(value) : value,
      ]),
  );
  return { ...parameters, after: read("after"), before: read("before") };
}

/** Whether the URL has a whole token. */
export function hasToken(c: PageContext): boolean {
  return AUDIT_PARAMETERS.some((name) =>
    isPersonalAccessToken((c.get("query")(name) ?? "").trim())
  );
}

export function auditUrl(view: AuditView): string {
  return listUrl(AUDIT_PATH, { ...view });
}

/** The life of a credential, by its id or prefix. */
export function historyUrl(of: string): string {
  return listUrl(HISTORY_PATH, { of });
}

export function exportUrl(
  { after: _, before: __, ...parameters }: AuditView,
  format: ExportFormat,
): string {
  return listUrl(EXPORT_PATH, { ...parameters, format });
}

export function isFiltered(view: AuditView): boolean {
  return AUDIT_PARAMETERS.some((name) => view[name] !== undefined);
}

/** What the fields ask for, or what is wrong with them. */
export function toAuditSearch(view: AuditView, now: number): AuditSearch | FormProblem[] {
  const problems: FormProblem[] = [];
  const time = (field: "since" | "until") => {
    const text = view[field];
    const at = text === undefined ? undefined : parseAuditTime(text, now, "UTC");
    if (text !== undefined && at === undefined) {
      problems.push({
        code: "invalid_time",
        message: "Enter a duration such as 1h or 7d, or a time such as 2026-11-24 10:00.",
        fields: [field],
      });
    }
    return at?.toISOString();
  };
  const [since, until] = [time("since"), time("until")];
  const address = view.address === undefined ? undefined : parseIpAddress(view.address);
  if (view.address !== undefined && address === undefined) {
    problems.push({
      code: "invalid_address",
      message: "Enter an IP address, such as 192.0.2.1.",
      fields: ["address"],
    });
  }
  if (problems.length > 0) return problems;
  return {
    ...{ since, until, address, actor: view.actor, subject: view.subject },
    events: view.event === undefined ? undefined : splitEventNames(view.event),
    result: RESULTS.find(([result]) => result === view.result)?.[0],
    requestId: view.request,
  };
}
