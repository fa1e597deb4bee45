import { type Command, Option } from "commander";
import { brand } from "../../../shared/brand.ts";
import { examples } from "../../../shared/command_examples.ts";
import type { Run } from "../../../shared/command_line.ts";
import type { ServerIo } from "../../io.ts";
import { database } from "../options.ts";

const bin = brand.binaryName;

export function declareAudit(admin: Command, server: Run<ServerIo>): void {
  const collect = (value: string, previous: string[] = []) => [...previous, value];
  const audit = database(admin.command("audit"))
    .description("show what happened, newest last")
    .option("-f, --follow", "also show what happens from now on, until Ctrl-C")
    .option("--since <when>", "from this time on: 1h, 30m, 7d ago, or 2026-11-24T10:00Z")
    .option("--until <when>", "before this time")
    .option("--actor <who>", "who did it, or for whom an agent did: an address, a name or an id")
    .option("--subject <what>", "what it was done to: an address, a name, a prefix or an id")
    .option("--event <name>", "only these events, such as token.* (repeatable)", collect)
    .addOption(
      new Option("--result <result>", "only events with this result")
        .choices(["ok", "refused", "failed"]),
    )
    .option("--address <ip>", "from this IP address")
    .option("--request <id>", "of the request with this id")
    .option(
      "-n, --limit <count>",
      "how many of the newest events (default: 100; all with --since; 10 with --follow)",
    )
    .option(
      "--why <credential>",
      "the whole life of a token, a login or a CI run: an id, a prefix, or - to pass a token on " +
        "standard input",
    )
    .option("--wide", "all columns, unshortened, with the details")
    .option("--json", "print each event as a line of JSON")
    .addHelpText(
      "after",
      examples(
        [`${bin} admin audit --since 1h`, "the last hour"],
        [`${bin} admin audit --actor alice@example.com --event 'token.*'`, "tokens of Alice"],
        [`${bin} admin audit --why - < token.txt`, "who approved a token, and what came of it"],
        [`${bin} admin audit --follow --result refused`, "what is refused from now on"],
      ),
    )
    // So that a mistyped command is reported as one.
    .allowExcessArguments()
    .action((options, command: Command) => {
      const [unknown] = command.args;
      if (unknown !== undefined) {
        const names = command.commands.map((known) => known.name()).join(", ");
        command.error(`error: unknown command '${unknown}'\n(Did you mean ${names}?)`);
      }
      return server(async (io) => (await import("./audit/show.ts")).adminAudit(options, io));
    });
  database(audit.command("verify"))
    .description("find events that were changed, removed or reordered")
    .option("--log <file>", "also compare with the seals in this log of the server (- for stdin)")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples(
        [`${bin} admin audit verify`, "check the seals of all events"],
        [
          `journalctl -u ${bin} | ${bin} admin audit verify --log -`,
          "find removed newest events, too",
        ],
      ),
    )
    .action((options) =>
      server(async (io) => (await import("./audit/verify.ts")).adminAuditVerify(options, io))
    );
}
