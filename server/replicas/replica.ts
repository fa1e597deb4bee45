import { randomUUID } from "node:crypto";
import { buildInfo } from "../../shared/build_info.ts";
import { version } from "../../shared/version.ts";
import type { NewReplica } from "../store/replicas.ts";

/** One process that serves. Several may share a database. */
export interface Replica {
  /** Of this run of the process. */
  id: string;
  /** For operators: host and process id. */
  name: string;
}

/** What this process is, for the table of replicas. `worker` is its number under `--workers`. */
export function describeReplica(worker?: number): NewReplica {
  const host = Deno.hostname();
  const { pid } = Deno;
  return {
    id: randomUUID(),
    name: `${host}:${pid}`,
    ...{ host, pid, worker },
    version: `${version} (${buildInfo.commit})`,
  };
}
