import type { Command } from "commander";
import { brand } from "../../../shared/brand.ts";
import { examples } from "../../../shared/command_examples.ts";
import type { Run } from "../../../shared/command_line.ts";
import type { ServerIo } from "../../io.ts";
import { database } from "../options.ts";

const bin = brand.binaryName;

export function declareDoctor(admin: Command, server: Run<ServerIo>): void {
  database(admin.command("doctor"))
    .description("check the server, and say what to do about each problem")
    .option("--json", "print JSON")
    .option("--strict", "exit with 1 for warnings too")
    .addHelpText(
      "after",
      examples(
        [`${bin} admin doctor`, "check settings, database, replicas, keys, mail and certificates"],
        [
          `${bin} admin doctor --json | jq '.findings[] | select(.status != "ok")'`,
          "for monitoring",
        ],
      ),
    )
    .action((options) =>
      server(async (io) => (await import("./doctor/doctor.ts")).adminDoctor(options, io))
    );
}
