/** The cases of `check-cli`: what goes wrong in each, and what the command must do. */
import type { Fault, ProxiedRequest } from "./fault_proxy.ts";
import type { LoopbackResponse } from "./loopback_http.ts";
import type { Random } from "./random.ts";

export interface Case {
  name: string;
  /** What happens, as the help and the report say it. */
  summary: string;
  /** Runs at the same time; undefined: as many as --parallel says. */
  parallel?: number;
  /** Whether a run may fail, as long as the login survives it. */
  mayFail: boolean;
  /** What happens to a request. `lifetimeMs`: of access tokens. */
  fault?(random: Random, request: ProxiedRequest, lifetimeMs: number): Fault | undefined;
  /** How the clock of this machine differs from the server's, in ms. */
  machineAhead?: number;
  /** Kills runs at random moments. */
  kills?: boolean;
  /** Restarts the server at random moments. */
  restarts?: boolean;
  /** Limits the size of files that the command writes, in blocks of 512 bytes. */
  fileLimits?: readonly number[];
  /** Takes the permission to write from the command's files and folders. */
  readOnly?: boolean;
  /** Why it cannot run on this system; undefined if it can. */
  unavailable?(system: { os: string; isRoot: boolean }): string | undefined;
}

/** How often a request that may fail does: a refresh, except the first of a batch, and any other. */
const FAULT_RATE = { refresh: 0.5, other: 0.2 };
const HOUR_MS = 3_600_000;

function sometimes(random: Random, request: ProxiedRequest): boolean {
  if (!request.isRefresh) return random.chance(FAULT_RATE.other);
  return request.refresh === 0 || random.chance(FAULT_RATE.refresh);
}

/** As load balancers and gateways write them. */
function page(status: number, headers: Record<string, string> = {}): LoopbackResponse {
  return {
    status,
    headers: new Headers({ ...headers, "content-type": "text/html" }),
    body: new TextEncoder().encode(`<h1>HTTP ${status}</h1>`),
  };
}

export const CASES = [
  {
    name: "parallel",
    summary: "many at once, some with a slow connection",
    mayFail: false,
    // A request that another one overtakes: without a lock it arrives with a spent token.
    fault: (random, { isRefresh, refresh }, lifetimeMs) =>
      isRefresh && (refresh === 0 || random.chance(0.3))
        ? { delayRequest: random.between(0.75, 2) * lifetimeMs }
        : undefined,
  },
  {
    name: "lost_response",
    summary: "the server refreshes the token, and its response is lost",
    parallel: 4,
    mayFail: true,
    fault: (random, request) => sometimes(random, request) ? { cutAt: 0 } : undefined,
  },
  {
    name: "cut_response",
    summary: "the connection closes in the middle of a response",
    parallel: 4,
    mayFail: true,
    fault: (random, request) =>
      sometimes(random, request) ? { cutAt: random.between(0.05, 0.95) } : undefined,
  },
  {
    name: "slow_response",
    summary: "responses take up to three seconds",
    parallel: 4,
    mayFail: false,
    fault: (random, request) =>
      sometimes(random, request) ? { delayResponse: random.between(300, 3000) } : undefined,
  },
  {
    name: "server_error",
    summary: "responses with status 500, 502 and 503",
    parallel: 4,
    mayFail: true,
    fault: (random, request) =>
      sometimes(random, request) ? { answer: page(random.pick([500, 502, 503])) } : undefined,
  },
  {
    name: "rate_limit",
    summary: "responses with status 429 and Retry-After",
    parallel: 4,
    mayFail: true,
    fault: (random, request) =>
      sometimes(random, request) ? { answer: page(429, { "retry-after": "1" }) } : undefined,
  },
  {
    name: "clock_ahead",
    summary: "the clock of this machine is an hour ahead of the server's",
    parallel: 4,
    mayFail: false,
    machineAhead: HOUR_MS,
  },
  {
    name: "clock_behind",
    summary: "the clock of this machine is an hour behind the server's",
    parallel: 4,
    mayFail: false,
    machineAhead: -HOUR_MS,
  },
  {
    name: "restart",
    summary: "the server restarts",
    parallel: 4,
    mayFail: true,
    restarts: true,
  },
  {
    name: "full_disk",
    summary: "files cannot be written, or only their beginning",
    parallel: 4,
    mayFail: true,
    fileLimits: [0, 1, 2, 3],
    unavailable: ({ os }) =>
      os === "windows" ? "this system cannot limit the size of files" : undefined,
  },
  {
    name: "read_only",
    summary: "files and folders are read-only",
    parallel: 4,
    mayFail: true,
    readOnly: true,
    unavailable: ({ os, isRoot }) =>
      isRoot ? "root may write anyway" : os === "windows" ? "not on this system" : undefined,
  },
  {
    name: "kill",
    summary: "kill -9 at random moments",
    parallel: 4,
    mayFail: false,
    kills: true,
  },
] as const satisfies readonly Case[];

export type CaseName = typeof CASES[number]["name"];
