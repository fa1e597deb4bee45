/** `scan`: looks for this product's tokens where none belong, without asking anybody. */
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { ClientError } from "../client_error.ts";
import type { ClientIo } from "../client_io.ts";
import { formatJson, plainText } from "../output.ts";
import { type Finding, shownBeginning } from "../scan/finding.ts";
import { DIFF_START, findInDiff } from "../scan/git_diff.ts";
import { type RevocationResult, revokeFound } from "../scan/revoke_found.ts";
import { scanFiles, type Scanned } from "../scan/scan_files.ts";
import { scanPieces } from "../scan/scan_pieces.ts";
import { activeServer, wantedServer } from "../session.ts";

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
  const scanned = options.staged
    ? { ...NOTHING, findings: await stagedFindings(io) }
    : options.stdin
    ? { ...NOTHING, findings: await findingsInInput(io) }
    : await scanFiles(
      paths.length > 0 ? paths : ["."],
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
    io.stderr(`Not looked at: ${plainText(path, 1000)}: ${reason}\n`);
  }
  io.stderr(`${summary(scanned, options)}\n`);
  return findings.length > 0 || unreadable.length > 0 ? EXIT.failure : EXIT.ok;
}

const NOTHING: Scanned = { findings: [], files: 0, skipped: 0, unreadable: [] };

/** For git to write a diff of any size; in milliseconds. */
const GIT_TIMEOUT_MS = 120_000;

async function stagedFindings(io: ClientIo): Promise<Finding[]> {
  const diff = await io.runProgram("git", [
    ...[
      "-c",
      "core.quotePath=false",
      "-c",
      "diff.noprefix=false",
      "-c",
      "diff.mnemonicPrefix=false",
    ],
    ...[
      "diff",
      "--cached",
      "--unified=0",
      "--no-color",
      "--no-ext-diff",
      "--no-textconv",
      "--no-relative",
    ],
    ...["--src-prefix=a/", "--dst-prefix=b/", "--diff-filter=d"],
  ], GIT_TIMEOUT_MS);
  if (diff === undefined) {
    throw new ClientError(EXIT.failure, "--staged needs git, which cannot be started.");
  }
  if (diff === "late" || diff.code !== 0) {
    const reason = diff === "late"
      ? `no answer within ${GIT_TIMEOUT_MS / 1000} s`
      : plainText(diff.stderr.split("\n")[0]);
    throw new ClientError(EXIT.failure, `git cannot say what is staged: ${reason}`);
  }
  return findInDiff(diff.stdout);
}

/** A git diff is looked through for what it adds, any other text as it is. */
async function findingsInInput(io: ClientIo): Promise<Finding[]> {
  const input = io.stdinBytes()[Symbol.asyncIterator]();
  const pieces = { [Symbol.asyncIterator]: () => input };
  const start: Uint8Array[] = [];
  let length = 0;
  while (length < DIFF_START.length) {
    const { done, value } = await input.next();
    if (done) break;
    start.push(value.slice());
    length += value.length;
  }
  async function* whole() {
    yield* start;
    yield* pieces;
  }
  const beginning = await new Blob(start as BlobPart[]).text();
  if (!beginning.startsWith(DIFF_START)) return await scanPieces(whole(), "(stdin)");
  return findInDiff(await new Response(ReadableStream.from(whole())).text());
}

/** What became of each token. A server that fails keeps no finding from being shown. */
async function revokeAll(
  findings: readonly Finding[],
  options: ScanOptions,
  io: ClientIo,
): Promise<Map<string, RevocationResult>> {
  const results = new Map<string, RevocationResult>();
  if (findings.length === 0) return results;
  const server = wantedServer(options, io) ?? await activeServer(io) ?? brand.defaultServer;
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
  const { kind, token, path, line, column } = finding;
  const result = results.get(token);
  return `${plainText(path, 1000)}:${line}:${column}: ${kind.name} ${shownBeginning(token)}…` +
    (result === undefined ? "" : `, ${result}`);
}

function report(scanned: Scanned, results: Map<string, RevocationResult>) {
  return {
    findings: scanned.findings.map(({ kind, token, path, line, column }) => ({
      kind: kind.name,
      beginning: shownBeginning(token),
      ...{ path, line, column },
      ended: results.has(token) ? results.get(token) === "ended" : null,
    })),
    files: scanned.files,
    skippedBinaryFiles: scanned.skipped,
    unreadable: scanned.unreadable,
  };
}

function summary({ findings, files, skipped }: Scanned, options: ScanOptions): string {
  const where = options.staged
    ? "in what is staged"
    : options.stdin
    ? "in standard input"
    : `in ${files} ${files === 1 ? "file" : "files"}` +
      (skipped > 0 ? `, ${skipped} binary left out` : "");
  const { length } = findings;
  if (length === 0) return `No tokens ${where}.`;
  const found = `${length} ${length === 1 ? "token" : "tokens"} ${where}.`;
  return options.revoke
    ? found
    : `${found} Take ${length === 1 ? "it" : "them"} out, and end ${
      length === 1 ? "it" : "them"
    } if anybody else may have seen ${length === 1 ? "it" : "them"}: --revoke`;
}
