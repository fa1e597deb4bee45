/**
 * Tokens that the next git commit adds. The staged files are read, not a diff of them, so that no
 * attribute, setting or zero byte hides a token.
 */
import { sanitizeLine } from "../../shared/sanitize.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import type { Finding } from "./finding.ts";
import { readBlobs } from "./git_blobs.ts";
import type { ScanProgress } from "./scan_progress.ts";
import { scanPieces } from "./scan_pieces.ts";

type GitIo = Pick<ClientIo, "runProgram" | "streamProgram" | "signal">;

/** Creates the progress for a number of files. */
type StartProgress = (total: number) => Pick<ScanProgress, "add">;

const LIST_TIMEOUT_MS = 120_000;
/** The mode of submodules, which have no blob. */
const SUBMODULE = "160000";

interface StagedFile {
  path: string;
  /** Blob ids: in the last commit, if it had the file, and now. */
  before: string | undefined;
  after: string;
}

/** The tokens in staged files that the same file did not contain before. Throws ClientError. */
export async function scanStaged(
  io: GitIo,
  startProgress: StartProgress,
): Promise<{ findings: Finding[]; files: number }> {
  const files = await stagedFiles(io);
  const progress = startProgress(files.length);
  const findings = files.map((): Finding[] => []);
  await readContents(files.map(({ after }) => after), async (content, index) => {
    findings[index] = await scanPieces(content, files[index].path);
    progress.add({ files: 1 });
  }, io);
  const changed = files.flatMap(({ before }, index) =>
    before !== undefined && findings[index].length > 0 ? [{ before, index }] : []
  );
  await readContents(changed.map(({ before }) => before), async (content, at) => {
    const old = new Set((await scanPieces(content, "")).map(({ token }) => token));
    const { index } = changed[at];
    findings[index] = findings[index].filter(({ token }) => !old.has(token));
  }, io);
  return { findings: findings.flat(), files: files.length };
}

async function stagedFiles(io: GitIo): Promise<StagedFile[]> {
  // Without a repository, `git diff` would report --cached as an invalid option.
  await list(["rev-parse", "--git-dir"], io);
  const listed = await list([
    ...["diff", "--cached", "--raw", "-z", "--no-abbrev"],
    ...["--no-renames", "--no-relative", "--no-color", "--diff-filter=d"],
  ], io);
  const parts = listed.split("\0");
  const files: StagedFile[] = [];
  for (let i = 0; i + 1 < parts.length; i += 2) {
    const [, mode, before, after] = parts[i].split(" ");
    // A file with an unresolved conflict has nothing staged.
    if (mode === SUBMODULE || isNone(after)) continue;
    files.push({ path: parts[i + 1], before: isNone(before) ? undefined : before, after });
  }
  return files;
}

const isNone = (id: string) => /^0+$/.test(id);

async function list(args: string[], io: GitIo): Promise<string> {
  const result = await io.runProgram("git", args, LIST_TIMEOUT_MS);
  if (result === undefined) throw noGit();
  if (result === "timed_out") throw refused(`no answer within ${LIST_TIMEOUT_MS / 1000} s`);
  if (result.code !== 0) throw refused(result.stderr);
  return result.stdout;
}

async function readContents(
  ids: readonly string[],
  read: (content: AsyncIterable<Uint8Array>, index: number) => Promise<void>,
  io: GitIo,
): Promise<void> {
  if (ids.length === 0) return;
  const input = ids.map((id) => `${id}\n`).join("");
  const result = await io.streamProgram(
    "git",
    ["cat-file", "--batch"],
    input,
    (output) => readBlobs(output, read),
  );
  io.signal.throwIfAborted();
  if (result === undefined) throw noGit();
  if (result.code !== 0 || result.result !== ids.length) throw refused(result.stderr);
}

function noGit(): ClientError {
  return new ClientError(
    "git_failed",
    "--staged requires git, which cannot be started. Install it.",
  );
}

function refused(reason: string): ClientError {
  return new ClientError(
    "git_failed",
    `git cannot list the staged files: ${sanitizeLine(reason.trim().split("\n")[0])}`,
  );
}
