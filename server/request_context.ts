/**
 * What the audit log records about the request that is being handled, without a parameter in each
 * function between, and whose turn it takes at the database. Forward auth and introspection, which
 * APIs call all the time, have only the latter.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { randomUUID } from "node:crypto";
import { sharedNetwork } from "./http/client_ip.ts";

export interface RequestContext {
  requestId: string;
  /** Called only if something is recorded. */
  address?(): string;
  /** Set once the caller is known to act for another account. */
  agent?: Agent;
}

/** A program that acts with a narrow token of a user (RFC 8693 section 4.1). */
export interface Agent {
  /** As the audit log names it. */
  name: string;
  /** The id of the user. */
  actsFor: string;
}

/** What the audit log calls a program by the name that the user's login gave it. */
export function agentName(name: string): string {
  return `agent:${name}`;
}

const contexts = new AsyncLocalStorage<RequestContext>();

/** Calls `handle` with a context, which everything that it awaits has too. */
export function withRequestContext<T>(context: RequestContext, handle: () => T): T {
  return contexts.run(context, handle);
}

export function currentRequest(): RequestContext | undefined {
  return contexts.getStore();
}

const turns = new AsyncLocalStorage<() => string>();

/**
 * Calls `handle`, whose statements wait in the line that `line` names instead of that of the
 * request's network. `line` is called only if there is a statement.
 */
export function inTurnOf<T>(line: () => string, handle: () => T): T {
  return turns.run(line, handle);
}

/**
 * The line in which statements of what is being done now wait for the database: that of a network
 * or of a client. What the server does for itself has one too, without a name.
 */
export function currentLine(): string {
  const line = turns.getStore()?.();
  if (line !== undefined) return line;
  const address = contexts.getStore()?.address?.();
  return address === undefined ? "" : sharedNetwork(address);
}

let ownReplica: string = randomUUID();

/** The id of this process in the audit log: of a server, the id of the replica. */
export function replicaId(): string {
  return ownReplica;
}

/** Called once, when a server starts. */
export function setReplicaId(id: string): void {
  ownReplica = id;
}
