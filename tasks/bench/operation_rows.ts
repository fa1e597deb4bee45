/** The table of the operations, from the runs of each server. */
import { type Operation, OPERATIONS } from "./contender.ts";
import type { LoadResult } from "./load.ts";
import { median, ratios, spread } from "./statistics.ts";

export interface Run extends LoadResult {
  /** Microseconds of processor time for a request. */
  serverUs: number;
  databaseUs: number;
}

/** By operation and server, one for each round. */
export type Runs = Map<Operation, Map<string, Run[]>>;

export interface OperationRow {
  operation: Operation;
  server: string;
  perSecond: number;
  p50: number;
  p99: number;
  serverUs: number;
  databaseUs: number;
  /** Part of the requests that failed. */
  failed: number;
  /** Of this program's rate to that of the server: median, least and most of the rounds. */
  ratio?: number;
  spread?: [least: number, most: number];
  /** Of this program's processor time, with that of the database, to that of the server. */
  processorRatio?: number;
}

/** Medians, and the ratios of `own` to the others. */
export function compare(runs: Runs, own: string): OperationRow[] {
  return OPERATIONS.flatMap((operation) =>
    [...runs.get(operation) ?? []].sort(([a], [b]) => Number(b === own) - Number(a === own)).map((
      [server, all],
    ) => {
      const of = (field: keyof Run) => median(all.map((run) => run[field]));
      const ours = runs.get(operation)!.get(own);
      return {
        ...{ operation, server },
        ...{ perSecond: of("perSecond"), p50: of("p50"), p99: of("p99") },
        ...{ serverUs: of("serverUs"), databaseUs: of("databaseUs") },
        failed: sum(all, "failed") / sum(all, "requests"),
        ...ours !== undefined && server !== own && comparison(ours, all),
      };
    })
  );
}

function comparison(ours: readonly Run[], theirs: readonly Run[]) {
  const rates = ratios(ours.map(rate), theirs.map(rate));
  return {
    ratio: median(rates),
    spread: spread(rates),
    processorRatio: median(ratios(ours.map(processorUs), theirs.map(processorUs))),
  };
}

function sum(runs: readonly Run[], field: keyof Run): number {
  return runs.reduce((total, run) => total + run[field], 0);
}

const rate = ({ perSecond }: Run) => perSecond;
const processorUs = ({ serverUs, databaseUs }: Run) => serverUs + databaseUs;
