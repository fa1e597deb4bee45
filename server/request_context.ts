/**
 * What the audit log records about the request that is being handled, without a parameter in each
 * function between. Forward auth and introspection, which APIs call all the time, have none.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { randomUUID } from "node:crypto";

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

let ownReplica: string = randomUUID();

/** The id of this process in the audit log: of a server, the id of the replica. */
export function replicaId(): string {
  return ownReplica;
}

/** Called once, when a server starts. */
export function setReplicaId(id: string): void {
  ownReplica = id;
}
