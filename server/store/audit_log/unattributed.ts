/**
 * Bounds the rows that callers without an account can add: each new address is a row of its own, and
 * who has an IPv6 network has as many addresses as they want.
 */
import { subscriberNetwork } from "../../http/client_ip.ts";

/** Rows of one event that a process adds in one window; what comes then is counted together. */
const MAX_ROWS = 1000;
/** Events and windows that are remembered; the events are few, and windows pass. */
const MAX_COUNTS = 200;

const counts = new Map<string, number>();

/** An event without an actor, in the window in which it is counted. */
interface Unattributed {
  event: string;
  window: number;
  address: string | null;
}

/**
 * The address to record, null if too many were, and the network that is counted as one. Call
 * `added` if there is a new row.
 */
export function boundUnattributed(
  { event, window, address }: Unattributed,
): { address: string | null; network: string | null; added(): void } {
  const key = `${event} ${window}`;
  const count = counts.get(key) ?? 0;
  const isFull = count >= MAX_ROWS;
  return {
    address: isFull ? null : address,
    network: isFull || address === null ? null : subscriberNetwork(address),
    added() {
      counts.delete(key);
      counts.set(key, count + 1);
      if (counts.size > MAX_COUNTS) counts.delete(counts.keys().next().value!);
    },
  };
}
