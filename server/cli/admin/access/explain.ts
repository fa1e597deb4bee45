import { EXIT } from "../../../../shared/exit_codes.ts";
import { type Field, formatFields } from "../../../../shared/fields.ts";
import { formatJson, sanitizeLine } from "../../../../shared/sanitize.ts";
import { createStyle, hasStyle } from "../../../../shared/terminal_style.ts";
import type { Reason } from "../../../access/explain_access.ts";
import type { ExplainedAccess } from "../../../admin/explain_access.ts";
import type { ServerIo } from "../../../io.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";
import { withOption } from "../with_option.ts";

type ExplainOptions = DatabaseOptions & { client?: string; json?: boolean };

const CHECKS: Record<Reason["check"], string> = {
  account: "account",
  groups: "groups",
  client: "client",
  resource: "resource",
  token_kind: "tokens",
  factor: "factor",
  device_flow: "device code",
};

/** `admin access explain`: as `kubectl auth can-i`, the exit code says yes or no. */
export async function adminAccessExplain(
  { user, scope }: { user: string; scope: string },
  { client, json, ...options }: ExplainOptions,
  io: ServerIo,
): Promise<number> {
  const params = { user, scope, client };
  return await adminCommand("explainUserAccess", params, options, io, (explanation) => {
    io.stdout(json ? formatJson(explanation) : describe(explanation, io));
    return explanation.login || explanation.personalAccessToken ? EXIT.ok : EXIT.failure;
  }, { describe: (error) => withOption(error, { client: "--client" }) });
}

function describe(explanation: ExplainedAccess, io: ServerIo): string {
  const { account, scope, client, login, personalAccessToken, reasons } = explanation;
  const style = createStyle(hasStyle(io.stdoutIsTerminal, io.env));
  const answer = (isYes: boolean) => isYes ? style.green("yes") : style.red("no");
  const marks = { true: style.green("ok"), false: style.red("no"), null: "depends" };
  const subject = sanitizeLine(account.username, 254);
  const fields: Field[] = [
    ["scope", `${scope.name} (${sanitizeLine(scope.description, 250)})`],
    [
      account.kind === "user" ? "login" : "workload",
      `${answer(login)}, for ${subject} through ${sanitizeLine(client.id, 100)}`,
    ],
    ["personal access token", `${answer(personalAccessToken)}, for ${subject}`],
  ];
  const because: Field[] = reasons.map(({ check, ok, message }) => [
    CHECKS[check],
    `${marks[`${ok}`]} - ${sanitizeLine(message, 4000)}`,
  ]);
  return `${formatFields(fields, io)}\n${formatFields(because, io)}`;
}
