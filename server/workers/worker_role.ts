/** What a process of `serve --workers` learns from its parent, and reports to it. */
import { brand } from "../../shared/brand.ts";

/** In the environment of a worker: its number, and the port that all listen on. */
const VARIABLE = `${brand.envPrefix}_WORKER`;

export interface WorkerRole {
  /** From 1. */
  worker: number;
  port: number;
}

export function workerEnvironment({ worker, port }: WorkerRole): Record<string, string> {
  return { [VARIABLE]: `${worker}:${port}` };
}

/** Undefined in a process that no parent started. */
export function workerRole(env: Record<string, string>): WorkerRole | undefined {
  const match = /^([1-9]\d{0,3}):([1-9]\d{0,4})$/.exec(env[VARIABLE] ?? "");
  return match === null ? undefined : { worker: Number(match[1]), port: Number(match[2]) };
}

/** What a worker writes to standard output once it serves. */
export interface WorkerStarted {
  issuer: string;
  storage: string;
  migrated: string[];
  setupUrl?: string;
  /** Where the parent reads its metrics. */
  metricsUrl?: string;
}

export function startedLine(
  { issuer, storage, migrated, setupUrl, metricsUrl }: WorkerStarted,
): string {
  return `${JSON.stringify({ issuer, storage, migrated, setupUrl, metricsUrl })}\n`;
}

/** Undefined for another line, such as the output of a library. */
export function parseStarted(line: string): WorkerStarted | undefined {
  try {
    const started = JSON.parse(line);
    return typeof Object(started).issuer === "string" ? started : undefined;
  } catch {
    return undefined;
  }
}
