/**
 * The notice of a newer version, at most once a day. The command never waits for it: it shows what
 * an earlier check found, and starts the next one as a process of its own.
 */
import { brand } from "../../shared/brand.ts";
import type { ClientIo } from "../io.ts";
import { findReleaseUrl } from "./release_url.ts";
import { type RunningProgram, runningProgram } from "./running_program.ts";
import { compareVersions, isPrerelease, parseVersion } from "./semver.ts";
import { readUpdateState, updateState } from "./update_state.ts";

export const NO_NOTICE_VARIABLE = `${brand.envPrefix}_NO_UPDATE_NOTICE`;

const DAY_MS = 86_400_000;

export type NoticeIo = Pick<
  ClientIo,
  "stderr" | "stderrIsTerminal" | "env" | "platform" | "clock" | "launchDetached"
>;

/** After a command that a person has run. Best effort: it never fails. */
export async function noticeNewVersion(
  io: NoticeIo,
  program: RunningProgram = runningProgram(io),
): Promise<void> {
  if (!isAllowed(io, program)) return;
  const state = readUpdateState(io);
  if (state.notice === "off") return;
  const now = io.clock.now();
  // A clock that was corrected may be before these times.
  const isDue = (time = 0) => Math.abs(now - time) >= DAY_MS;
  const latest = parseVersion(state.latest ?? "");
  const isNewer = latest !== undefined && !isPrerelease(latest) &&
    compareVersions(latest, program.version) > 0;
  const shows = isNewer && isDue(state.noticedAt);
  const checks = isDue(state.checkedAt);
  if (!shows && !checks) return;
  // Recorded first: without a file to record it in, every command would repeat it.
  const change = { ...shows ? { noticedAt: now } : {}, ...checks ? { checkedAt: now } : {} };
  if (!await updateState(change, io)) return;
  if (shows) {
    io.stderr(
      `\n${program.name} ${latest} is available; this is ${program.version}. ` +
        `To install it: ${program.name} upgrade\n`,
    );
  }
  if (checks) io.launchDetached(program.path, ["upgrade", "--check"]);
}

function isAllowed({ env, stderrIsTerminal }: NoticeIo, program: RunningProgram): boolean {
  if (!stderrIsTerminal || !program.isCompiled || env.CI || env[NO_NOTICE_VARIABLE]) return false;
  try {
    return findReleaseUrl(undefined, env, program) !== undefined;
  } catch {
    // An invalid variable is reported by `upgrade`.
    return false;
  }
}
