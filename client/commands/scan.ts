/** `scan`: looks for this product's tokens where none belong, without asking anybody. */
import { sanitizeLine } from "../../shared/sanitize.ts";
import type { Command } from "commander";
import { examples } from "../../shared/command_examples.ts";
import type { Run } from "../../shared/command_line.ts";
import { server } from "./options.ts";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { formatJson } from "../output.ts";
import type { Finding } from "../scan/finding.ts";
import { type RevocationResult, revokeFound } from "../scan/revoke_found.ts";
import { scanFiles, type Scanned } from "../scan/scan_files.ts";
import { scanStaged } from "../scan/scan_staged.ts";
import { activeServer, serverForSecret, wantedServer } from "../auth/token_source.ts";
import { shownBeginning } from "../pat/token_prefix.ts";

export interface ScanOptions {
  server?: string;
  /** What the next commit adds. */
  staged?: boolean;
  stdin?: boolean;
  /** Binary files as well. */
  binary?: boolean;
  /** End what is found. */
  revoke?: boolean;
  /** Where it was found, for the owners of what is ended. */
  url?: string;
  json?: boolean;
}

/** Exits 0 if nothing was found, 1 if something was. */
export async function scan(
  paths: readonly string[],
  options: ScanOptions,
  io: ClientIo,
): Promise<number> {
  const sources = [paths.length > 0, options.staged, options.stdin].filter(Boolean).length;
  if (sources > 1) {
    throw new ClientError(EXIT.usage, "Scan either paths, or --staged, or --stdin.");
  }
  // `scan -` is as good a way to say it.
  const stdin = options.stdin || (paths.length === 1 && paths[0] === "-");
  const scanned: Scanned = options.staged
    ? { ...await scanStaged(io), skipped: 0, unreadable: [] }
    : await scanFiles(
      stdin ? ["-"] : paths.length > 0 ? paths : ["."],
      { binary: options.binary ?? false },
      io,
    );
  const { findings, unreadable } = scanned;
  const results = options.revoke ? await revokeAll(findings, options, io) : new Map();
  if (options.json) {
    io.stdout(formatJson(report(scanned, results)));
  } else {
    for (const finding of findings) io.stdout(`${describe(finding, results)}\n`);
  }
  for (const { path, reason } of unreadable) {
    io.stderr(`Not looked at: ${sanitizeLine(path, 1000)}: ${reason}\n`);
  }
  io.stderr(`${summary(scanned, { ...options, stdin })}\n`);
  return findings.length > 0 || unreadable.length > 0 ? EXIT.failure : EXIT.ok;
}

/** What became of each token. A server that fails keeps no finding from being shown. */
async function revokeAll(
  findings: readonly Finding[],
  options: ScanOptions,
  io: ClientIo,
): Promise<Map<string, RevocationResult>> {
  const results = new Map<string, RevocationResult>();
  if (findings.length === 0) return results;
  const server = serverForSecret(
    wantedServer(options, io) ?? await activeServer(io),
    "What was found",
  );
  for (const token of new Set(findings.map((finding) => finding.token))) {
    try {
      results.set(token, await revokeFound(server, token, options.url, io));
    } catch (error) {
      if (!(error instanceof ClientError) || io.signal.aborted) throw error;
      io.stderr(`${shownBeginning(token)}… is not ended: ${error.message}\n`);
    }
  }
  return results;
}

function describe(finding: Finding, results: Map<string, RevocationResult>): string {
  const { kind, token, commit, path, line, column } = finding;
  const result = results.get(token);
  // As git names a file in a commit.
  const place = `${commit === undefined ? "" : `${commit.slice(0, 12)}:`}${
    sanitizeLine(path, 1000)
  }`;
  return `${place}:${line}:${column}: ${kind.name} ${shownBeginning(token)}…` +
    (result === undefined ? "" : `, ${result}`);
}

function report(scanned: Scanned, results: Map<string, RevocationResult>) {
  return {
    findings: scanned.findings.map(({ kind, token, commit, path, line, column }) => ({
      kind: kind.name,
      beginning: shownBeginning(token),
      ...{ commit: commit ?? null, path, line, column },
      ended: results.has(token) ? results.get(token) === "ended" : null,
    })),
    files: scanned.files,
    skippedBinaryFiles: scanned.skipped,
    unreadable: scanned.unreadable,
  };
}

function summary({ findings, files, skipped }: Scanned, options: ScanOptions): string {
  // Of a diff git has left out the content itself.
  const skippedWords = options.stdin
    ? "binary left out by git (its --text shows them)"
    : "binary left out";
  const where = options.staged
    ? "in what is staged"
    : (options.stdin ? "in standard input" : `in ${files} ${files === 1 ? "file" : "files"}`) +
      (skipped > 0 ? `, ${skipped} ${skippedWords}` : "");
  const { length } = findings;
  if (length === 0) return `No tokens ${where}.`;
  const found = `${length} ${length === 1 ? "token" : "tokens"} ${where}.`;
  return options.revoke
    ? found
    : `${found} Take ${length === 1 ? "it" : "them"} out, and end ${
      length === 1 ? "it" : "them"
    } if anybody else may have seen ${length === 1 ? "it" : "them"}: --revoke`;
}

export function declare(command: Command, client: Run<ClientIo>): void {
  const bin = brand.binaryName;
  command.argument("[paths...]", "files, folders, and - for standard input (default: this folder)")
    .option("--staged", "what the next git commit adds")
    .option("--stdin", "standard input: any text, and what diffs in it add")
    .option("--binary", "binary files too")
    .option("--revoke", "end what is found")
    .option("--url <address>", "with --revoke: where it was found, for the owner")
    .addOption(server())
    .option("--json", "as JSON")
    .addHelpText(
      "after",
      examples(
        [`${bin} scan --staged`, "in .git/hooks/pre-commit"],
        [`git log -p --all --text | ${bin} scan --stdin`, "all that ever was committed"],
        [`${bin} scan --revoke logs`, "end every token in the folder logs"],
      ),
    )
    .action((paths, options) => client((io) => scan(paths, options, io)));
}
