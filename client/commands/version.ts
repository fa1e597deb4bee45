/** `version`: which program this is. */
import type { Command } from "commander";
import { brand } from "../../shared/brand.ts";
import { examples } from "../../shared/command_examples.ts";
import type { Run } from "../../shared/command_line.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { versionJson, versionText } from "../../shared/version.ts";
import type { ClientIo } from "../io.ts";
import { formatJson } from "../output.ts";

export function printVersion(
  { json }: { json?: boolean },
  io: Pick<ClientIo, "stdout">,
): Promise<number> {
  io.stdout(json ? formatJson(versionJson()) : `${versionText()}\n`);
  return Promise.resolve(EXIT.ok);
}

export function declare(command: Command, client: Run<ClientIo>): void {
  command.option("--json", "print JSON")
    .addHelpText("after", examples([`${brand.binaryName} version --json`, "for a script"]))
    .action((options) => client((io) => printVersion(options, io)));
}
