import { EXIT } from "../../../../shared/exit_codes.ts";
import { formatJson, sanitizeLine } from "../../../../shared/sanitize.ts";
import type { TestReport } from "../../../identity_providers/test_report.ts";
import type { ServerIo } from "../../../io.ts";
import { reportDomainError } from "../../failure.ts";
import type { DatabaseOptions } from "../../options.ts";
import { DomainError } from "../../../domain_error.ts";
import { adminCommand } from "../command.ts";

/** Each request waits this long, so that a command that is interrupted does not keep the server busy. */
const WAIT_SECONDS = 10;

/** `admin idp test`: prints a link, waits for the browser, and reports what it brought. */
export async function adminIdpTest(
  name: string,
  { json, ...options }: DatabaseOptions & { json?: boolean },
  io: ServerIo,
): Promise<number> {
  let id: string | undefined;
  const code = await adminCommand("startIdentityProviderTest", { name }, options, io, (test) => {
    id = test.id;
    io.stderr(
      `Open this link in a browser, and sign in as a user would. It works once, for 15 minutes:\n` +
        `  ${test.url}\n` +
        "Nothing is changed by it. Waiting…\n",
    );
    return EXIT.ok;
  });
  if (id === undefined) return code;
  let result: { code: number; isDone: boolean } = { code: EXIT.ok, isDone: false };
  while (!result.isDone) {
    if (io.signal.aborted) return EXIT.interrupted;
    const exit = await adminCommand(
      "awaitIdentityProviderTest",
      { id, seconds: WAIT_SECONDS },
      options,
      io,
      ({ state, report }) => {
        result = { code: EXIT.ok, isDone: state === "finished" || state === "expired" };
        if (state === "expired") {
          result.code = reportDomainError(
            new DomainError("conflict", "The link was not used within 15 minutes. Start again."),
            io,
          );
        }
        if (report === null) return result.code;
        io.stdout(json ? formatJson(report) : describe(report));
        result.code = report.outcome === "refuse" || report.outcome === "failed"
          ? EXIT.failure
          : EXIT.ok;
        return result.code;
      },
      { isSecond: true },
    );
    if (!result.isDone && exit !== EXIT.ok) return exit;
  }
  return result.code;
}

function describe(report: TestReport): string {
  const { account, groups, acr, amr, notes, claims } = report;
  const line = (name: string, value: string) =>
    `${`${name}:`.padEnd(15)}${sanitizeLine(value, 500)}\n`;
  const names = (list: readonly string[]) => list.join(", ") || "none";
  return [
    `${sanitizeLine(report.summary, 500)}\n`,
    ...notes.map((note) => `Note: ${note}\n`),
    ...account === null ? [] : [
      line(
        "address",
        account.email === null
          ? "none"
          : `${account.email} (${account.emailVerified ? "verified" : "not verified"})`,
      ),
      line("name", account.name ?? "none"),
      line("issuer", account.issuer),
      line("subject", account.subject),
    ],
    ...groups === null
      ? []
      : [line("groups sent", names(groups.sent)), line("groups here", names(groups.counted))],
    ...acr === null ? [] : [line("counts as", `${acr} (${amr.join(" ")})`)],
    ...Object.keys(claims).length === 0 ? [] : ["claims:\n"],
    ...Object.entries(claims).map(([name, value]) =>
      `  ${sanitizeLine(name, 100)}: ${sanitizeLine(value, 300)}\n`
    ),
  ].join("");
}
