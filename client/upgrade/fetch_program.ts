/** Checks who built the archive of a release, downloads it, and checks its sum. */
import { PROVENANCE_FILE, releaseFileUrl } from "../../shared/release.ts";
import { progressLine } from "../../shared/progress_line.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import { sha256Hex } from "../../shared/sha256.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { isLiveTerminal } from "../output.ts";
import { download, type DownloadIo } from "./download.ts";
import type { Release } from "./find_release.ts";
import { loadProvenance } from "./load_provenance.ts";
import type { RunningProgram } from "./running_program.ts";

/** Ours have 40 MB. */
const ARCHIVE_LIMITS = { maxBytes: 400_000_000, timeoutMs: 1_800_000, stallMs: 30_000 };
const PROVENANCE_LIMITS = { maxBytes: 10_000_000, timeoutMs: 60_000, stallMs: 30_000 };

/** Between two states of the progress on a terminal. */
const INTERVAL_MS = 100;

export type FetchIo =
  & DownloadIo
  & Pick<ClientIo, "stderr" | "stderrIsTerminal" | "stderrColumns">;

/**
 * Throws ClientError unless the release workflow built the archive for its version. Needs only the
 * checksum, so that a release that is refused costs no download.
 */
export async function checkProvenance(
  base: string,
  { version, archive, sha256 }: Release,
  program: RunningProgram,
  trustedRoots: readonly unknown[] | undefined,
  io: FetchIo,
): Promise<void> {
  const url = releaseFileUrl(base, version, PROVENANCE_FILE);
  const bytes = await download(url, PROVENANCE_LIMITS, io);
  if (bytes === undefined) {
    throw new ClientError(
      "provenance_missing",
      `${url} does not exist, so who built ${archive} cannot be checked. Nothing was changed. ` +
        "If this release or mirror does not have it, you can do without it: --skip-provenance",
    );
  }
  const { findProvenanceProblem } = await loadProvenance();
  const { repository, signerWorkflow } = program.release;
  const expected = { repository, signerWorkflow, version, file: { name: archive, sha256 } };
  const bundle = new TextDecoder().decode(bytes);
  const problem = await findProvenanceProblem(bundle, expected, trustedRoots);
  if (problem !== undefined) {
    throw new ClientError(
      "provenance_invalid",
      `${PROVENANCE_FILE} does not prove that ${signerWorkflow} built ${archive}: ` +
        `${sanitizeLine(problem.text, 500)}. Nothing was changed. ` +
        (problem.kind === "signature" && trustedRoots === undefined
          ? "Sigstore may have keys that this program does not know yet. To check with the present " +
            "ones: gh attestation trusted-root > FILE, then the same with --trusted-root FILE. " +
            "If that fails, report it: "
          : "Report it: ") +
        `https://github.com/${repository}`,
    );
  }
  io.stderr(`Provenance: built by ${signerWorkflow} for the tag v${version}.\n`);
}

/** Throws ClientError unless it has the checksum of the release. */
export async function fetchArchive(
  base: string,
  { version, archive, sha256 }: Release,
  io: FetchIo,
): Promise<Uint8Array<ArrayBuffer>> {
  const progress = downloadProgress(archive, io);
  let content: Uint8Array<ArrayBuffer> | undefined;
  try {
    const url = releaseFileUrl(base, version, archive);
    content = await download(url, ARCHIVE_LIMITS, io, progress.add);
  } finally {
    progress.clear();
  }
  if (content === undefined) {
    throw new ClientError("release_not_found", `${base} does not have ${archive}.`);
  }
  const actual = await sha256Hex(content);
  if (actual !== sha256) {
    throw new ClientError(
      "checksum_mismatch",
      `${archive} does not have the checksum of the release.\n` +
        `  expected ${sha256}\n  received ${actual}\n` +
        "Nothing was changed. Run the same again, without a mirror or a proxy that changes files.",
    );
  }
  io.stderr("Checksum: correct.\n");
  return content;
}

/** A line that counts on a terminal, and one line elsewhere. */
function downloadProgress(archive: string, io: FetchIo) {
  if (!isLiveTerminal(io)) {
    io.stderr(`Downloading ${archive}…\n`);
    return { add: () => {}, clear: () => {} };
  }
  const line = progressLine(io.stderr, io.stderrColumns);
  let next = 0;
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  let received = 0;
  return {
    add(bytes: number, total: number | undefined) {
      received += bytes;
      const now = io.clock.now();
      if (now < next && received !== total) return;
      next = now + INTERVAL_MS;
      const all = total === undefined ? "" : ` of ${megabytes(total)}`;
      line.show(`Downloading ${archive}…`, `${megabytes(received)}${all} MB`);
    },
    clear: line.clear,
  };
}
