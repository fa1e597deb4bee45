/** `doctor`: what works on this machine, what does not, and what to do. */
import type { Command } from "commander";
import { brand } from "../../shared/brand.ts";
import { examples } from "../../shared/command_examples.ts";
import type { Run } from "../../shared/command_line.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { versionJson } from "../../shared/version.ts";
import { wrapWords } from "../../shared/wrap_text.ts";
import { systemKeychain } from "../credentials/keychain/system_keychain.ts";
import { type Area, type DoctorDeps, examine } from "../doctor/examine.ts";
import type { Finding } from "../doctor/finding.ts";
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
  for await (const area of examine(options, io, deps)) {
    findings.push(...area.findings);
    if (!options.json) io.stdout(formatArea(area, io));
  }
  const count = (status: Finding["status"]) =>
    findings.filter((finding) => finding.status === status).length;
  const [problems, warnings] = [count("problem"), count("warning")];
  if (options.json) {
    io.stdout(formatJson({
      ...versionJson(),
      ok: problems === 0,
      findings: findings.map((finding) => ({ ...finding, advice: finding.advice ?? null })),
    }));
  } else {
    io.stdout(`${summary(problems, warnings)}\n`);
    const columns = io.stderrIsTerminal ? io.stderrColumns() : Infinity;
    io.stderr(`${wrapWords(PASTE, columns).join("\n")}\n`);
  }
  return problems === 0 ? EXIT.ok : EXIT.failure;
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

function summary(problems: number, warnings: number): string {
  const counted = (value: number, noun: string) => `${value} ${noun}${value === 1 ? "" : "s"}`;
  if (problems === 0 && warnings === 0) return "No problems found.";
  return `${counted(problems, "problem")}, ${counted(warnings, "warning")}.`;
}

const WIDTH = "problem".length;

function formatArea({ title, findings }: Area, io: ClientIo): string {
  const { bold } = stdoutStyle(io);
  return findings.length === 0
    ? ""
    : `${bold(title)}\n${findings.map((finding) => formatFinding(finding, io)).join("")}\n`;
}

/** The lines of a pipe are not wrapped: one line for each finding, and its advice below. */
function formatFinding({ check, status, message, advice }: Finding, io: ClientIo): string {
  const { green, yellow, red } = stdoutStyle(io);
  const style = { ok: green, warning: yellow, problem: red }[status];
  const indent = " ".repeat(2 + WIDTH + 2);
  const columns = io.stdoutIsTerminal ? io.stdoutColumns() - indent.length : Infinity;
  const text = `${check.replaceAll("_", " ")}: ${message}`;
  const lines = [
    ...wrapWords(text, columns),
    // An example in several lines keeps them.
    ...(advice ?? "").split("\n").filter((line) => line !== "")
      .flatMap((line) => line.startsWith(" ") ? [line] : wrapWords(line, columns)),
  ];
  return lines.map((line, index) =>
    index === 0
      ? `  ${style(status)}${" ".repeat(WIDTH - status.length + 2)}${line}\n`
      : `${indent}${line}\n`
  ).join("");
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
