import { sharedNetwork } from "./client_ip.ts";

export interface BodyLimits {
  /** Bytes held at the same time. */
  total: number;
  /** Of these, bytes held for clients of one network: an IPv4 /24 or an IPv6 /56. */
  network: number;
}

/** What one request holds of a budget; disposing releases it. */
export interface BodyHold extends Disposable {
  /** Takes `bytes` more; returns false if that exceeds the budget. */
  take(bytes: number): boolean;
}

/**
 * Limits the total size of request bodies in memory. Each body has a limit of its own, but an
 * attacker may start many. One network gets only a part, so that it cannot lock out others.
 */
export class BodyBudget {
  #held = 0;
  /** Bodies that did not fit: for metrics. */
  rejected = 0;
  #heldBy = new Map<string, number>();

  constructor(private readonly limits: BodyLimits) {}

  get held(): number {
    return this.#held;
  }

  /** The most that it may hold. */
  get limit(): number {
    return this.limits.total;
  }

  /** A hold of 0 bytes for a request from the address that `from` gives. */
  hold(from: () => string): BodyHold {
    let network: string | undefined;
    let own = 0;
    return {
      take: (bytes) => {
        network ??= sharedNetwork(from());
        const heldByNetwork = this.#heldBy.get(network) ?? 0;
        const isFull = this.#held + bytes > this.limits.total ||
          heldByNetwork + bytes > this.limits.network;
        if (isFull) {
          this.rejected++;
          return false;
        }
        own += bytes;
        this.#held += bytes;
        this.#heldBy.set(network, heldByNetwork + bytes);
        return true;
      },
      [Symbol.dispose]: () => {
        if (network === undefined || own === 0) return;
        const left = this.#heldBy.get(network)! - own;
        if (left > 0) this.#heldBy.set(network, left);
        else this.#heldBy.delete(network);
        this.#held -= own;
        own = 0;
      },
    };
  }
}

const MB = 1024 * 1024;

/** Bodies with a higher limit than this count as large. */
const LARGE = 64 * 1024;

/** For forms and small JSON, which large bodies must not delay. */
const smallBodies = new BodyBudget({ total: 32 * MB, network: 4 * MB });
/** Two secret scanning alerts of the largest size from one network, eight in total. */
const largeBodies = new BodyBudget({ total: 32 * MB, network: 8 * MB });

/** For metrics. */
export const bodyBudgets: Readonly<
  Record<"small" | "large", Readonly<Pick<BodyBudget, "held" | "limit" | "rejected">>>
> = { small: smallBodies, large: largeBodies };

export function budgetFor(limit: number): BodyBudget {
  return limit > LARGE ? largeBodies : smallBodies;
}
