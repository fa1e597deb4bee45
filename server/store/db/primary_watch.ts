import { describeTarget, type DialTarget, resolveTargets } from "./postgres_dial.ts";
import { openPool } from "./postgres_pool.ts";
import { type HostPreference, isSameTarget } from "./postgres_socket.ts";
import { parsePostgresUrl } from "./postgres_url.ts";

const INTERVAL_MS = 5000;
/** For one server, in seconds. */
const CONNECT_TIMEOUT = 2;

/** A server that has replaced another one, for operators. */
export interface Replacement {
  old: string;
  current: string;
}

interface Server {
  target: DialTarget;
  /** Of the cluster: the same for a primary and its standbys. */
  system: string;
  /** Counts promotions; undefined for a standby. */
  timeline?: number;
}

/**
 * Leaves an old primary that still accepts writes after a standby was promoted: what is written
 * there is lost. Each promotion begins a new timeline (PostgreSQL documentation, "Timelines"), so
 * every few seconds this asks all hosts of `databaseUrl` for theirs. The connectors that share
 * `preference` then use the newest only.
 */
export function watchPrimary(
  databaseUrl: string,
  preference: HostPreference,
  onReplaced: (replacement: Replacement) => void,
): { close(): void } {
  const address = parsePostgresUrl(databaseUrl);
  if (address.hosts.length < 2 || address.targetSession === "any") return { close() {} };
  let replaced: DialTarget[] = [];
  preference.isReplaced = (target) => replaced.some((old) => isSameTarget(old, target));
  let running = false;
  const look = async () => {
    if (running) return;
    running = true;
    try {
      const targets = await resolveTargets(address);
      const answers = await Promise.all(targets.map((target) => askServer(databaseUrl, target)));
      const servers = answers.filter((answer) => answer !== undefined);
      const newest = servers.filter(({ timeline }) => timeline !== undefined)
        .reduce<Server | undefined>(
          (a, b) => a === undefined || b.timeline! > a.timeline! ? b : a,
          undefined,
        );
      const isOld = ({ system, timeline }: Server) =>
        timeline !== undefined && system === newest!.system && timeline < newest!.timeline!;
      // One that does not answer now may accept writes again later.
      const silent = replaced.filter((old) =>
        !servers.some(({ target }) => isSameTarget(target, old))
      );
      const old = servers.filter(isOld).map(({ target }) => target);
      const added = old.filter((target) => !preference.isReplaced!(target));
      replaced = [...silent, ...old];
      for (const target of added) {
        onReplaced({ old: describeTarget(target), current: describeTarget(newest!.target) });
      }
      const isUsed = preference.target !== undefined && preference.isReplaced!(preference.target);
      if (added.length === 0 && !isUsed) return;
      preference.target = newest?.target;
      for (const retire of preference.retire ?? []) retire();
    } catch {
      // Names cannot be resolved now.
    } finally {
      running = false;
    }
  };
  void look();
  const timer = setInterval(look, INTERVAL_MS);
  Deno.unrefTimer(timer);
  return { close: () => clearInterval(timer) };
}

/** Undefined if it does not answer, or does not say: managed services may lack these functions. */
async function askServer(databaseUrl: string, target: DialTarget): Promise<Server | undefined> {
  const { sql, close } = openPool(databaseUrl, {
    ...{ max: 1, only: target, connectTimeout: CONNECT_TIMEOUT, mustBeDirect: true },
  });
  const timer = setTimeout(() => void close(0), CONNECT_TIMEOUT * 1000);
  try {
    const [row] = await sql<{ system: string; timeline: string | null }[]>`
      select system_identifier::text as system,
        case when pg_is_in_recovery() then null
        else ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint
        end as timeline
      from pg_control_system()`;
    const { system, timeline } = row;
    return { target, system, ...timeline !== null && { timeline: Number(timeline) } };
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
    void close(0);
  }
}
