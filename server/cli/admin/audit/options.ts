import { parseIpAddress } from "../../../http/ip_address.ts";
import { parseAuditTime } from "../../../audit/parse_time.ts";
import type { AuditSearch } from "../../../audit/search.ts";
import type { DatabaseOptions } from "../../options.ts";

/** The options of `admin audit`. */
export interface AuditOptions extends DatabaseOptions {
  follow?: boolean;
  since?: string;
  until?: string;
  actor?: string;
  subject?: string;
  event?: string[];
  result?: "ok" | "refused" | "failed";
  address?: string;
  request?: string;
  limit?: string;
  why?: string;
  wide?: boolean;
  json?: boolean;
}

/** Events that are read backwards at once, at most: they are in memory until the first is printed. */
const MAX_LIMIT = 10_000;

/** What the options ask for, or what is wrong with them. */
export function readAuditOptions(
  options: AuditOptions,
  now: number,
): { search: AuditSearch; limit?: number } | { problem: string } {
  const { actor, subject, event, result, address, request } = options;
  const since = readTime(options.since, now);
  const until = readTime(options.until, now);
  for (const [name, time] of [["since", since], ["until", until]] as const) {
    if (time === null) {
      return {
        problem: `Invalid --${name}: use a duration such as 1h, 30m or 7d, or a time such as ` +
          "2026-11-24T10:00Z.",
      };
    }
  }
  if (options.until !== undefined && options.follow) {
    return { problem: "Use either --until or --follow, not both." };
  }
  const ip = address === undefined ? undefined : parseIpAddress(address);
  if (address !== undefined && ip === undefined) {
    return { problem: `Invalid --address: ${address} is not an IP address.` };
  }
  const limit = options.limit === undefined ? undefined : Number(options.limit);
  if (limit !== undefined && !(Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT)) {
    return {
      problem:
        `Invalid --limit: use a number from 1 to ${MAX_LIMIT}. For more events, use --since.`,
    };
  }
  return {
    search: {
      since: since?.toISOString(),
      until: until?.toISOString(),
      ...{ actor, subject, result, address: ip, events: event, requestId: request },
    },
    limit,
  };
}

/** Null if it is not valid. */
function readTime(text: string | undefined, now: number): Date | null | undefined {
  return text === undefined ? undefined : parseAuditTime(text, now, "local") ?? null;
}
