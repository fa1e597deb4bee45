/** `scan`: finds leaked tokens of this product, without a server. */
import { valueText } from "../../shared/list_text.ts";
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
import { revokeFound } from "../scan/revoke_found.ts";
import { scanFiles, type Scanned } from "../scan/scan_files.ts";
import { scanProgress } from "../scan/scan_progress.ts";
import { scanStaged } from "../scan/scan_staged.ts";
import { activeServer } from "../auth/login_store.ts";
import { selectedServer, serverForSecret } from "../auth/selection.ts";
import { tokenPrefix } from "../pat/token_prefix.ts";

export interface ScanOptions {
  server?: string;
  staged?: boolean;
  stdin?: boolean;
  binary?: boolean;
  /** Revoke the tokens found. */
  revoke?: boolean;
  /** Where they were found, for the notification of their owners. */
  url?: string;
  json?: boolean;
}

/** Exits with 1 if there are findings, or files that cannot be read. */
export async function scan(
  paths: readonly string[],
  options: ScanOptions,
  io: ClientIo,
): Promise<number> {
  const sources = [paths.length > 0, options.staged, options.stdin].filter(Boolean).length;
  if (sources > 1) {
    throw new ClientError("invalid_option", "Use only one of: paths, --staged, --stdin.");
  }
  // `scan -` means the same.
  const stdin = options.stdin || (paths.length === 1 && paths[0] === "-");
  const scanned = await scanWithProgress(stdin ? ["-"] : paths, options, io);
  const { findings, unreadable } = scanned;
  const results = options.revoke ? await revokeAll(findings, options, io) : new Map();
  if (options.json) {
    io.stdout(formatJson(report(scanned, results)));
  } else {
    for (const finding of findings) io.stdout(`${describe(finding, results)}\n`);
  }
  for (const { path, message } of unreadable) {
    io.stderr(`Error: not scanned: ${valueText(sanitizeLine(path, 1000))}: ${message}\n`);
  }
  io.stderr(`${summary(scanned, { ...options, stdin })}\n`);
  return findings.length > 0 || unreadable.length > 0 ? EXIT.failure : EXIT.ok;
}

async function scanWithProgress(
  paths: readonly string[],
  { staged, binary = false }: ScanOptions,
  io: ClientIo,
): Promise<Scanned> {
  let progress = scanProgress(io);
  try {
    if (!staged) return await scanFiles(paths.length > 0 ? paths : ["."], { binary, progress }, io);
    const start = (total: number) => progress = scanProgress(io, total);
    return { ...await scanStaged(io, start), skipped: 0, unreadable: [] };
  } finally {
    progress.clear();
  }
}

/** Whether each token was revoked. Findings are shown even if the server fails. */
async function revokeAll(
  findings: readonly Finding[],
  options: ScanOptions,
  io: ClientIo,
): Promise<Map<string, boolean>> {
  const results = new Map<string, boolean>();
  if (findings.length === 0) return results;
  const server = serverForSecret(
    selectedServer(options, io) ?? await activeServer(io),
    "The tokens found",
  );
  for (const token of new Set(findings.map((finding) => finding.token))) {
    try {
      results.set(token, await revokeFound(server, token, options.url, io));
    } catch (error) {
      if (!(error instanceof ClientError) || io.signal.aborted) throw error;
      io.stderr(`Error: ${tokenPrefix(token)}… was not revoked: ${error.message}\n`);
    }
  }
  return results;
}

function describe(finding: Finding, results: Map<string, boolean>): string {
  const { kind, token, commit, path, line, column } = finding;
  const result = results.get(token);
  // The notation of git for a file in a commit.
  const place = `${commit === undefined ? "" : `${commit.slice(0, 12)}:`}${
    sanitizeLine(path, 1000)
  }`;
  return `${place}:${line}:${column}: ${kind.name} ${tokenPrefix(token)}…` +
    (result === undefined ? "" : result ? ", revoked" : ", not revoked");
}

function report(scanned: Scanned, results: Map<string, boolean>) {
  return {
    findings: scanned.findings.map(({ kind, token, commit, path, line, column }) => ({
      kind: kind.code,
      prefix: tokenPrefix(token),
      ...{ commit: commit ?? null, path, line, column },
      revoked: results.get(token) ?? null,
    })),
    files: scanned.files,
    skippedBinaryFiles: scanned.skipped,
    unreadable: scanned.unreadable.map(({ path, code }) => ({ path, code })),
  };
}

function summary({ findings, files, skipped }: Scanned, options: ScanOptions): string {
  // Git omits the content of binary files in a diff.
  const skippedText = options.stdin
    ? "binary files skipped by git (add --text to show them)"
    : "binary files skipped";
  const where = options.staged
    ? "in staged changes"
    : (options.stdin ? "in standard input" : `in ${files} ${files === 1 ? "file" : "files"}`) +
      (skipped > 0 ? `, ${skipped} ${skippedText}` : "");
  const { length } = findings;
  if (length === 0) return `No tokens ${where}.`;
  const count = `${length} ${length === 1 ? "token" : "tokens"} ${where}.`;
  return options.revoke
    ? count
    : `${count} Remove ${length === 1 ? "it" : "them"}. If anyone else may have seen ${
      length === 1 ? "it" : "them"
    }, add --revoke.`;
}

export function declare(command: Command, client: Run<ClientIo>): void {
  const bin = brand.binaryName;
  command.argument("[paths...]", "files, folders, or - for standard input (default: this folder)")
    .option("--staged", "scan what the next git commit adds")
    .option("--stdin", "scan standard input: text, or the added lines of diffs")
    .option("--binary", "include binary files")
    .option("--revoke", "revoke the tokens found")
    .option("--url <address>", "with --revoke: where they were found, for their owners")
    .addOption(server())
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples(
        [`${bin} scan --staged`, "in .git/hooks/pre-commit"],
        [`git log -p --all --text | ${bin} scan --stdin`, "scan the whole history"],
        [`${bin} scan --revoke logs`, "revoke every token in the folder logs"],
      ),
    )
    .action((paths, options) => client((io) => scan(paths, options, io)));
}
