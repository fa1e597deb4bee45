/**
 * Tokens in what the next git commit adds. The staged files themselves are
 * read, not a diff of them: no attribute, setting or zero byte hides one.
 */
import { sanitizeLine } from "../../shared/sanitize.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import type { Finding } from "./finding.ts";
import { readBlobs } from "./git_blobs.ts";
import { scanPieces } from "./scan_pieces.ts";

type GitIo = Pick<ClientIo, "runProgram" | "streamProgram" | "signal">;

/** For git to list what is staged; in milliseconds. */
const LIST_TIMEOUT_MS = 120_000;
/** A link's blob is where it leads to; a submodule has none. */
const SUBMODULE = "160000";

interface StagedFile {
  path: string;
  /** The ids of its content in the last commit, if it was there, and now. */
  before: string | undefined;
  after: string;
}

/**
 * The tokens that staged files hold and that were not in the same file before.
 * Throws ClientError where git cannot tell.
 */
export async function scanStaged(io: GitIo): Promise<{ findings: Finding[]; files: number }> {
  const files = await stagedFiles(io);
  const found = files.map((): Finding[] => []);
  await readContents(files.map(({ after }) => after), async (content, index) => {
    found[index] = await scanPieces(content, files[index].path);
  }, io);
  const changed = files.flatMap(({ before }, index) =>
    before !== undefined && found[index].length > 0 ? [{ before, index }] : []
  );
  await readContents(changed.map(({ before }) => before), async (content, at) => {
    const old = new Set((await scanPieces(content, "")).map(({ token }) => token));
    const { index } = changed[at];
    found[index] = found[index].filter(({ token }) => !old.has(token));
  }, io);
  return { findings: found.flat(), files: files.length };
}

async function stagedFiles(io: GitIo): Promise<StagedFile[]> {
  // Asked first: without a repository `git diff` takes --cached for a mistake.
  await list(["rev-parse", "--git-dir"], io);
  const listed = await list([
    ...["diff", "--cached", "--raw", "-z", "--no-abbrev"],
    ...["--no-renames", "--no-relative", "--no-color", "--diff-filter=d"],
  ], io);
  const parts = listed.split("\0");
  const files: StagedFile[] = [];
  for (let i = 0; i + 1 < parts.length; i += 2) {
    const [, mode, before, after] = parts[i].split(" ");
    // Nothing is staged of a file whose conflict is not resolved.
    if (mode === SUBMODULE || isNone(after)) continue;
    files.push({ path: parts[i + 1], before: isNone(before) ? undefined : before, after });
  }
  return files;
}

const isNone = (id: string) => /^0+$/.test(id);

async function list(args: string[], io: GitIo): Promise<string> {
  const ended = await io.runProgram("git", args, LIST_TIMEOUT_MS);
  if (ended === undefined) throw noGit();
  if (ended === "timed_out") throw refused(`no answer within ${LIST_TIMEOUT_MS / 1000} s`);
  if (ended.code !== 0) throw refused(ended.stderr);
  return ended.stdout;
}

async function readContents(
  ids: readonly string[],
  each: (content: AsyncIterable<Uint8Array>, index: number) => Promise<void>,
  io: GitIo,
): Promise<void> {
  if (ids.length === 0) return;
  const input = ids.map((id) => `${id}\n`).join("");
  const ended = await io.streamProgram(
    "git",
    ["cat-file", "--batch"],
    input,
    (output) => readBlobs(output, each),
  );
  io.signal.throwIfAborted();
  if (ended === undefined) throw noGit();
  if (ended.code !== 0 || ended.result !== ids.length) throw refused(ended.stderr);
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
