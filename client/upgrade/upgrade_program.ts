/** The use cases of `upgrade`: look for a newer version, install one, go back. */
import { brand } from "../../shared/brand.ts";
import { programInArchive } from "../../shared/release.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { checkProvenance, fetchArchive } from "./fetch_program.ts";
import { findRelease, type Release } from "./find_release.ts";
import { ownFile, whileNoOtherUpgrades } from "./installation.ts";
import { versionOf } from "./program_version.ts";
import { findReleaseUrl, RELEASE_URL_VARIABLE } from "./release_url.ts";
import type { RunningProgram } from "./running_program.ts";
import { compareVersions } from "./semver.ts";
import { previousPath, restorePrevious, stageProgram } from "./staged_program.ts";
import { readTrustedRoots } from "./trusted_roots.ts";
import { unpackFile } from "./unpack.ts";

export interface UpgradeOptions {
  /** The newest one if undefined. */
  version?: string;
  baseUrl?: string;
  skipProvenance?: boolean;
  /** A file. */
  trustedRoot?: string;
}

export interface Upgrade {
  path: string;
  from: string;
  to: string;
  /** Undefined if the file was not replaced. */
  replaced: { previous: string; provenance: "verified" | "skipped" } | undefined;
}

/** The newest version, and whether it is newer than the running one. */
export async function checkForUpgrade(
  { baseUrl }: Pick<UpgradeOptions, "baseUrl">,
  program: RunningProgram,
  io: ClientIo,
): Promise<{ latest: string; isNewer: boolean }> {
  const { version } = await findRelease(
    requiredReleaseUrl(baseUrl, program, io),
    undefined,
    program,
    io,
  );
  return { latest: version, isNewer: compareVersions(version, program.version) > 0 };
}

/** Replaces the program. An older version is installed only if `options` name it. */
export async function upgradeProgram(
  options: UpgradeOptions,
  program: RunningProgram,
  io: ClientIo,
): Promise<Upgrade> {
  const path = await ownFile(program, io);
  const base = requiredReleaseUrl(options.baseUrl, program, io);
  const roots = options.trustedRoot === undefined
    ? undefined
    : await readTrustedRoots(options.trustedRoot);
  return await whileNoOtherUpgrades(path, io, async () => {
    // Another process may have replaced the file after this one was started from it.
    const from = await versionOf(path, program.name, io);
    const release = await findRelease(base, options.version, program, io);
    const to = release.version;
    const difference = compareVersions(to, from);
    const isWanted = options.version === undefined ? difference > 0 : to !== from;
    if (!isWanted) return { path, from, to: from, replaced: undefined };
    const provenance = options.skipProvenance ? "skipped" as const : "verified" as const;
    // First of all, so that a folder that cannot be written to costs no download.
    await using staged = await stageProgram(path, io);
    if (options.skipProvenance) {
      io.stderr("Provenance: not checked, because of --skip-provenance.\n");
    } else {
      await checkProvenance(base, release, program, roots, io);
    }
    const content = await fetchArchive(base, release, io);
    await staged.write(unpackFile({ name: release.archive, content }, inArchive(release, program)));
    await staged.check({ name: program.name, version: to });
    io.signal.throwIfAborted();
    await staged.install();
    return { path, from, to, replaced: { previous: previousPath(path), provenance } };
  });
}

/** Puts the program back that the last upgrade replaced. Returns its version. */
export async function rollBackProgram(
  program: RunningProgram,
  io: ClientIo,
): Promise<Pick<Upgrade, "path" | "from" | "to">> {
  const path = await ownFile(program, io);
  return await whileNoOtherUpgrades(path, io, async () => {
    const from = await versionOf(path, program.name, io).catch(() => program.version);
    return { path, from, to: await restorePrevious(path, program.name, io) };
  });
}

function inArchive({ version }: Release, { target, name }: RunningProgram): string {
  return programInArchive(version, target, name);
}

function requiredReleaseUrl(
  option: string | undefined,
  program: RunningProgram,
  { env }: Pick<ClientIo, "env">,
): string {
  const url = findReleaseUrl(option, env, program);
  if (url !== undefined) return url;
  throw new ClientError(
    "unsupported",
    `This ${brand.productName} was built without the address of its releases. ` +
      `Set it with --base-url or ${RELEASE_URL_VARIABLE}.`,
  );
}
