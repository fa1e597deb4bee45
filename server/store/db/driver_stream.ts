/**
 * How postgres.js 3.4 must be used for a transaction to have its connection to itself. It takes a
 * connection whose socket drains between two statements of a transaction for idle and sends the
 * next one that waits, or another transaction, into it; a rollback then undoes what was
 * acknowledged to others, and a commit never returns. It also does not reserve a connection for a
 * transaction if the socket is full, or too many statements are in progress, when `begin` is
 * sent (porsager/postgres issue 1189).
 */

/**
 * For the streams that postgres.js writes to: they never report that they are full, and so never
 * drain. What they hold is bounded by StatementQueue.
 */
export const UNPAUSED_WRITES = { writableHighWaterMark: Number.MAX_SAFE_INTEGER } as const;

/** Options of postgres.js: statements in progress on one connection, also bounded by StatementQueue. */
export const UNBOUNDED_PIPELINE = { max_pipeline: Number.MAX_SAFE_INTEGER } as const;
