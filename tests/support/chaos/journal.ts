/** What a server has acknowledged, so that it can be asked for all of it later. */

/** Unknown: the response was lost, so it may have happened or not. */
export type TokenState = "active" | "revoked" | "unknown";

export interface JournalToken {
  id: string;
  token: string;
  name: string;
  state: TokenState;
  createdBy: "creation" | "rotation";
  revokedBy?: "revocation" | "rotation";
  /** When the response to its revocation arrived: `performance.now()`. */
  revokedAt?: number;
}

export interface JournalLogin {
  /** The newest refresh token that was received. */
  refreshToken: string;
  state: TokenState;
}

export interface Journal {
  logins: JournalLogin[];
  tokens: JournalToken[];
  /** Device codes that no user has decided on. */
  pending: { deviceCode: string; startedAt: number }[];
  /** The refresh tokens that were returned for each one that was presented. */
  successors: Map<string, Set<string>>;
  /** Everything that was issued and must not be found anywhere. */
  secrets: Set<string>;
  /** Responses that must not happen, whatever fails. */
  faults: string[];
  /** Why the newest request that failed did so. */
  lastFailure?: string;
  /** Acknowledged operations by their names, and requests that failed as they may. */
  counts: Record<string, number>;
}

export function newJournal(): Journal {
  return {
    logins: [],
    tokens: [],
    pending: [],
    successors: new Map(),
    secrets: new Set(),
    faults: [],
    counts: {},
  };
}

export function count(journal: Journal, operation: string): void {
  journal.counts[operation] = (journal.counts[operation] ?? 0) + 1;
}
