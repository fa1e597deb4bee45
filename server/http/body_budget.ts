import { neighbourhood } from "./client_ip.ts";

export interface BodyLimits {
  /** Bytes that may be held at a time. */
  total: number;
  /** Bytes of them that the clients of one network may hold: an IPv4 /24 or an IPv6 /56. */
  network: number;
}

/** What one request holds of a budget; disposing gives it back. */
export interface BodyHold extends Disposable {
  /** Takes `bytes` more, or gives false if they would be too many. */
  take(bytes: number): boolean;
}

/**
 * Limits the sum of the request bodies in memory. Each has its own limit too, but any client can
 * send the first half of many. One network gets only a part, so that it cannot block others.
 */
export class BodyBudget {
  #held = 0;
  #heldBy = new Map<string, number>();

  constructor(private readonly limits: BodyLimits) {}

  /** Bytes held now. */
  get held(): number {
    return this.#held;
  }

  /** A hold of 0 bytes for a request from the address that `from` gives. */
  hold(from: () => string): BodyHold {
    let network: string | undefined;
    let own = 0;
    return {
      take: (bytes) => {
        network ??= neighbourhood(from());
        const heldByNetwork = this.#heldBy.get(network) ?? 0;
        if (this.#held + bytes > this.limits.total) return false;
        if (heldByNetwork + bytes > this.limits.network) return false;
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

/** Bodies that are longer than this count as large. */
const LARGE = 64 * 1024;

/** Of forms and small JSON, so that no number of large bodies delays a login. */
const smallBodies = new BodyBudget({ total: 32 * MB, network: 4 * MB });
/** Two alerts of secret scanning at their largest from one network, eight in all. */
const largeBodies = new BodyBudget({ total: 32 * MB, network: 8 * MB });

/** The budget for bodies of at most `limit` bytes. */
export function budgetFor(limit: number): BodyBudget {
  return limit > LARGE ? largeBodies : smallBodies;
}
