/** `doctor`: what works on this machine, what does not, and what to do. */
import type { Command } from "commander";
import { brand } from "../../shared/brand.ts";
import { examples } from "../../shared/command_examples.ts";
import type { Run } from "../../shared/command_line.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { versionJson } from "../../shared/version.ts";
import { wrapWords } from "../../shared/wrap_text.ts";
import { systemKeychain } from "../credentials/keychain/system_keychain.ts";
import type { Finding } from "../../shared/finding.ts";
import { formatArea, summarizeFindings } from "../../shared/format_findings.ts";
import { type DoctorDeps, examine } from "../doctor/examine.ts";
import type { ClientIo } from "../io.ts";
import { formatJson, stdoutStyle } from "../output.ts";
import { server } from "./options.ts";

export interface DoctorOptions {
  server?: string;
  json?: boolean;
}

export async function doctor(
  options: DoctorOptions,
  io: ClientIo,
  deps: DoctorDeps = machine(io),
): Promise<number> {
  const findings: Finding[] = [];
  const output = {
    style: stdoutStyle(io),
    columns: io.stdoutIsTerminal ? io.stdoutColumns() : undefined,
  };
  for await (const area of examine(options, io, deps)) {
    findings.push(...area.findings);
    if (!options.json) io.stdout(formatArea(area, output));
  }
  const isOk = findings.every(({ status }) => status !== "problem");
  if (options.json) {
    io.stdout(formatJson({
      ...versionJson(),
      ok: isOk,
      findings: findings.map((finding) => ({ ...finding, advice: finding.advice ?? null })),
    }));
  } else {
    io.stdout(`${summarizeFindings(findings)}\n`);
    const columns = io.stderrIsTerminal ? io.stderrColumns() : Infinity;
    io.stderr(`${wrapWords(PASTE, columns).join("\n")}\n`);
  }
  return isOk ? EXIT.ok : EXIT.failure;
}

const PASTE = "You can paste this into a bug report. It names your server; account names are " +
  "shortened, and there are no secrets in it.";

function machine(io: ClientIo): DoctorDeps {
  return {
    keychain: systemKeychain(io),
    async lookUp(hostname) {
      const { lookup } = await import("node:dns/promises");
      return (await lookup(hostname, { all: true })).map(({ address }) => address);
    },
  };
}

export function declare(command: Command, client: Run<ClientIo>): void {
  const bin = brand.binaryName;
  command
    .addOption(server())
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples(
        [`${bin} doctor`, "what works, what does not, and what to do"],
        [`${bin} doctor --server auth.example.com`, "before you log in"],
        [`${bin} doctor --json | jq '.findings[] | select(.status != "ok")'`, "for a script"],
      ),
    )
    .action((options) => client((io) => doctor(options, io)));
}
