/** The release to install, from its SHA256SUMS: version, archive and checksum. */
import {
  archiveName,
  CHECKSUMS_FILE,
  latestFileUrl,
  releaseFileUrl,
} from "../../shared/release.ts";
import { ClientError } from "../errors.ts";
import { download, type DownloadIo } from "./download.ts";
import { CHECK_RELEASE_URL } from "./release_url.ts";
import type { RunningProgram } from "./running_program.ts";
import { isPrerelease, parseVersion } from "./semver.ts";

/** A line for each of a few files. */
const LIMITS = { maxBytes: 1_000_000, timeoutMs: 15_000, stallMs: 10_000 };

export interface Release {
  version: string;
  /** For the target of the running program. */
  archive: string;
  /** Of the archive, in hexadecimal. */
  sha256: string;
}

type Program = Pick<RunningProgram, "name" | "target">;

/** The newest release, or the one with `version`. Throws ClientError. */
export async function findRelease(
  base: string,
  version: string | undefined,
  program: Program,
  io: DownloadIo,
): Promise<Release> {
  const url = version === undefined
    ? latestFileUrl(base, CHECKSUMS_FILE)
    : releaseFileUrl(base, version, CHECKSUMS_FILE);
  const bytes = await download(url, LIMITS, io);
  if (bytes === undefined) {
    throw new ClientError(
      "release_not_found",
      version === undefined
        ? `There is no release at ${base}. ${CHECK_RELEASE_URL}`
        : `There is no version ${version} at ${base}.`,
    );
  }
  const release = releaseFor(program, new TextDecoder().decode(bytes), version);
  if (release === undefined) {
    throw new ClientError(
      "release_not_found",
      `${url} has no program for this system (${program.target}).`,
    );
  }
  if (version === undefined && isPrerelease(release.version)) {
    throw new ClientError(
      "release_not_found",
      `The newest release is the prerelease ${release.version}, which is only installed by name: ` +
        `${program.name} upgrade ${release.version}`,
    );
  }
  return release;
}

/** From the names in SHA256SUMS, since `latest` is in no other place. */
function releaseFor(
  program: Program,
  checksums: string,
  requested: string | undefined,
): Release | undefined {
  for (const line of checksums.split("\n")) {
    const [, sha256, archive] = /^([0-9a-f]{64}) [ *]([\w.+-]{1,200})\r?$/.exec(line) ?? [];
    if (archive === undefined) continue;
    const version = requested ?? versionIn(archive, program);
    if (version === undefined) continue;
    if (archive !== archiveName(version, program.target, program.name)) continue;
    return { version, archive, sha256 };
  }
  return undefined;
}

function versionIn(archive: string, { name, target }: Program): string | undefined {
  const start = `${name}-`;
  const end = archive.indexOf(`-${target}.`);
  return archive.startsWith(start) && end > 0
    ? parseVersion(archive.slice(start.length, end))
    : undefined;
}
