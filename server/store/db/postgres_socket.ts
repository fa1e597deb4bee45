import { Duplex } from "node:stream";
import type { Socket } from "node:net";
import { Buffer } from "node:buffer";
import {
  closedImmediately,
  closeError,
  DatabaseUnreachable,
  describeTarget,
  dial,
  type DialTarget,
  resolveTargets,
} from "./postgres_dial.ts";
import {
  isKeptByPoolers,
  isUnsupportedParameter,
  readSessionFacts,
  SESSION_QUERY,
  type SessionFacts,
} from "./pooler.ts";
import { UNPAUSED_WRITES } from "./driver_stream.ts";
import type { WatchedConnections } from "./outage_detector.ts";
import type { PostgresAddress } from "./postgres_url.ts";
import { CONNECTION_RETIRED } from "./retry_conflicts.ts";
import {
  cancelRequest,
  commandComplete,
  fatalError,
  type Message,
  messageAt,
  MessageReader,
  messageType,
  readServerError,
  readyForQuery,
  type ServerError,
  startupMessage,
} from "./postgres_wire.ts";

/**
 * SQLSTATEs after which a session is useless, even if it still responds: the server became a
 * standby or read-only (25006), is shutting down (57P01 to 57P05), or the connection failed (class
 * 08).
 */
function isSessionUseless(code: string): boolean {
  return code === "25006" || code.startsWith("57P") || code.startsWith("08");
}

/** cannot_connect_now: the server is starting up or shutting down. Another host may serve. */
const CANNOT_CONNECT_NOW = "57P03";
const LOST: ServerError = { code: "08006", message: "the connection was lost (CONNECTION_CLOSED)" };

/** For a statement that was not sent at all: it can run again on another connection. */
const RETIRED: ServerError = {
  code: CONNECTION_RETIRED,
  message: "the connection was given up before the statement was sent (CONNECTION_CLOSED)",
};

export interface ConnectorOptions {
  /** Called with every SQLSTATE that the server sends. */
  onError?: (code: string) => void;
  /** Called when a pooler is at the other end, before the first statement is sent to it. */
  onPooler?: () => void;
  /** Whether connections through a pooler are rejected. */
  mustBeDirect?: boolean;
  /** Why no connection is attempted now, if so: the database is known to be unreachable. */
  outage?: () => Error | undefined;
  /** Called when no host could be connected to, or a connection was lost. */
  onUnreachable?: (error: unknown) => void;
  /** Longest wait for one host, in seconds, if that is less than configured. */
  connectTimeout?: number;
  /** Which host accepted a connection last, shared by connectors of the same address. */
  preference?: HostPreference;
  /** Connects to this target only, whether it accepts writes or not. */
  only?: DialTarget;
  /** After which time a statement is canceled that a pooler executes; by default, never. */
  cancelAfterMs?: number;
}

/** The host that is tried first: a dead one costs its timeout once, not on every connection. */
export interface HostPreference {
  target?: DialTarget;
  /** Whether a target accepts writes although another server has replaced it. */
  isReplaced?(target: DialTarget): boolean;
  /** Of each connector: closes its sessions as soon as no transaction needs them. */
  retire?: Set<() => void>;
}

export function isSameTarget(a: DialTarget, b: DialTarget | undefined): boolean {
  return a.address === b?.address && a.port === b.port;
}

export interface PostgresConnector extends WatchedConnections {
  /** For the `socket` option of postgres.js. */
  socket(): Duplex;
  /** Whether a connection led to a pooler. */
  isPooled(): boolean;
  /** Connections that are open or being established. */
  open(): number;
  /** Closes every connection, also those that are being established. */
  close(): void;
}

/**
 * Establishes the connections of postgres.js, with what it lacks: several hosts that are tried in
 * order until one accepts writes, a timeout for each, and an error if none does (postgres.js would
 * reconnect immediately and without end); TLS that fails if the server does not offer it; and
 * sessions that are dropped once their server no longer accepts writes. Recognizes a pooler, to which
 * it sends only the settings that poolers keep, and where it cancels statements that take too long.
 */
export function postgresConnector(
  address: PostgresAddress,
  { onError = () => {}, onPooler = () => {}, preference = {}, ...options }: ConnectorOptions = {},
): PostgresConnector {
  const closing = new AbortController();
  const sockets = new Set<PostgresSocket>();
  let pooled = false;
  let received = 0;
  const connector: Connector = {
    address,
    signal: closing.signal,
    async targets() {
      if (options.only !== undefined) return [options.only];
      const all = await resolveTargets(address);
      const targets = all.filter((target) => !preference.isReplaced?.(target));
      if (targets.length === 0) {
        throw new DatabaseUnreachable(
          `${describeTarget(all[0])} accepts writes, but another server has replaced it, which ` +
            "cannot be reached",
          true,
        );
      }
      const first = targets.find((target) => isSameTarget(target, preference.target));
      return first === undefined
        ? targets
        : [first, ...targets.filter((target) => target !== first)];
    },
    connected: (target) => preference.target = target,
    onReceived: () => received++,
    options,
    isPooled: () => pooled,
    foundPooler() {
      pooled = true;
      onPooler();
    },
    onError,
    readOnly() {
      preference.target = undefined;
      retire();
    },
  };
  const retire = () => {
    for (const socket of sockets) socket.retire();
  };
  preference.retire ??= new Set();
  preference.retire.add(retire);
  return {
    isPooled: () => pooled,
    open: () => sockets.size,
    isWaiting: () => [...sockets].some((socket) => socket.isWaiting()),
    received: () => received,
    abandon(error) {
      for (const socket of sockets) socket.abandon(error);
    },
    socket() {
      const socket = new PostgresSocket(connector);
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      return socket;
    },
    close() {
      preference.retire?.delete(retire);
      closing.abort(new DatabaseUnreachable("the database was closed", false));
      for (const socket of sockets) socket.destroy();
    },
  };
}

interface Connector {
  address: PostgresAddress;
  signal: AbortSignal;
  targets(): Promise<DialTarget[]>;
  connected(target: DialTarget): void;
  options: Omit<ConnectorOptions, "onError" | "onPooler" | "preference">;
  onReceived(): void;
  isPooled(): boolean;
  foundPooler(): void;
  onError(code: string): void;
  /** Called when a server stops accepting writes: its sessions are useless. */
  readOnly(): void;
}

/**
 * A duplex stream that postgres.js uses as a socket. It connects when the startup message is
 * written, and then relays whole messages in both directions.
 *
 * A connection that breaks within a transaction must not just close: postgres.js 3.4 would write
 * the rollback to a socket that is gone, an uncaught error that exits the process, and might run
 * the remaining statements of the transaction one by one on the next connection. So every
 * statement gets an error in response until the transaction is over; only then this closes.
 */
class PostgresSocket extends Duplex {
  /** postgres.js reads it before it terminates the session. */
  readonly readyState = "open";
  readonly #connector: Connector;
  #raw?: Socket;
  /** What postgres.js wrote first. */
  #startup?: Buffer;
  /** How to cancel its statements; only of a pooler's session. */
  #cancel?: () => void;
  #overdue?: ReturnType<typeof setTimeout>;
  /** `open` after the first ReadyForQuery; `lost` when the server is gone or useless. */
  #state: "starting" | "open" | "lost" = "starting";
  /** Whether to abandon the session as soon as no transaction needs it. */
  #retired = false;
  /** The error because of which it is abandoned. */
  #fatal?: ServerError;
  /** Expected ReadyForQuery messages: one for each Query and Sync. */
  #due = 0;
  /** Whether statements were sent without a Sync yet. */
  #unsynced = false;
  /** Whether the error of the current statement was forwarded. */
  #erred = false;
  /** Of the last ReadyForQuery. */
  #status = "I";
  /** Names of prepared statements that commit or roll back. */
  #endings = new Map<string, "rollback" | "commit">();
  #ending?: "rollback" | "commit";

  constructor(connector: Connector) {
    super(UNPAUSED_WRITES);
    this.#connector = connector;
  }

  /** Whether the database owes a response. */
  isWaiting(): boolean {
    return this.#state === "starting" ? this.#startup !== undefined : this.#due > 0;
  }

  /** Closes the session: its server is gone, though nothing has said so. */
  abandon(error: Error): void {
    if (this.#state === "starting") this.destroy(error);
    else this.#raw?.destroy();
  }

  /** Abandons the session as soon as no transaction needs it. */
  retire(): void {
    if (this.#retired || this.#state === "starting") return;
    this.#retired = true;
    this.#leaveOnceIdle();
  }

  override _read(): void {
    this.#raw?.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    if (this.#startup === undefined) {
      this.#startup = Buffer.from(chunk);
      this.#connect().catch((error) => this.destroy(error));
      return done();
    }
    if (this.#state !== "starting") this.#follow(chunk);
    // Not immediately: postgres.js drops what it writes in response to data that arrives during its own write.
    if (this.#state === "lost") queueMicrotask(() => this.#answerLost());
    else if (this.#raw !== undefined && !this.#raw.destroyed && !this.#raw.write(chunk)) {
      this.#raw.once("drain", done);
      this.#raw.once("close", done);
      return;
    }
    done();
  }

  override _final(done: () => void): void {
    // postgres.js has terminated the session.
    this.#raw?.end(() => this.destroy());
    if (this.#raw === undefined || this.#raw.destroyed) this.destroy();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#state = "lost";
    clearTimeout(this.#overdue);
    this.#raw?.destroy();
    done(error);
  }

  /** Tries one target after the other. */
  async #connect(): Promise<void> {
    const { options } = this.#connector;
    const outage = options.outage?.();
    if (outage !== undefined) throw outage;
    let failure: Error | undefined;
    for (const target of await this.#connector.targets()) {
      const { address, signal } = this.#connector;
      const seconds = Math.min(address.connectTimeout, options.connectTimeout ?? Infinity);
      const attempt = new AbortController();
      const timeout = new DatabaseUnreachable(
        `${describeTarget(target)} did not respond within ${seconds} s`,
        true,
      );
      const timer = setTimeout(() => attempt.abort(timeout), seconds * 1000);
      const abort = () => attempt.abort(signal.reason);
      signal.addEventListener("abort", abort, { once: true });
      try {
        const wasPooled = this.#connector.isPooled();
        try {
          return await this.#connectTo(target, attempt.signal);
        } catch (error) {
          if (!isUnsupportedParameter(error as Error) || wasPooled) throw error;
          this.#raw?.destroy();
          this.#connector.foundPooler();
          return await this.#connectTo(target, attempt.signal);
        }
      } catch (error) {
        this.#raw?.destroy();
        if (this.destroyed || signal.aborted) throw error;
        // The rejection by a server that responds says more than that another is unreachable.
        if (failure === undefined || isTemporary(failure)) failure = error as Error;
      } finally {
        clearTimeout(timer);
        signal.removeEventListener("abort", abort);
      }
    }
    options.onUnreachable?.(failure);
    throw failure;
  }

  async #connectTo(target: DialTarget, signal: AbortSignal): Promise<void> {
    const raw = await dial(target, this.#connector.address, signal);
    if (this.destroyed) return void raw.destroy();
    this.#raw = raw;
    const ready = Promise.withResolvers<void>();
    const reader = new MessageReader();
    const session = new SessionStart(this.#connector, target, (query) => raw.write(query));
    raw.on("data", (chunk) => {
      if (this.#raw !== raw) return;
      // Not what a standby sends that is then rejected.
      if (this.#state === "open") this.#connector.onReceived();
      const { bytes, starts } = reader.read(chunk);
      if (this.#state === "open") return this.#relay(bytes, starts);
      for (const [index, start] of starts.entries()) {
        const message = messageAt(bytes, start);
        const step = session.take(message);
        if (step instanceof Error) return ready.reject(step);
        if (step === "ready") {
          this.#state = "open";
          this.#connector.connected(target);
          this.#connector.onReceived();
          if (session.isPooled) {
            this.#cancel = () => void cancel(target, this.#connector, session.keyData);
          }
          this.push(session.held());
          ready.resolve();
          const rest = starts.slice(index + 1);
          if (rest.length > 0) {
            this.#relay(bytes.subarray(rest[0]), rest.map((start) => start - rest[0]));
          }
          return;
        }
        if (step === "pass") this.push(message);
      }
    });
    const ended = () => {
      ready.reject(session.refusal ?? closeError(raw, target));
      if (this.#raw === raw) this.#lose();
    };
    raw.on("error", () => {});
    raw.on("end", () => raw.destroy());
    raw.on("close", ended);
    const abort = () => ready.reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    raw.resume();
    const isKept = this.#connector.isPooled() ? isKeptByPoolers : undefined;
    raw.write(startupMessage(this.#startup!, isKept));
    try {
      await ready.promise;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  /** Forwards what the server sends, until its session is useless. */
  #relay(bytes: Buffer, starts: readonly number[]): void {
    for (const start of starts) {
      const type = bytes[start];
      if (type === 0x5a) { // ReadyForQuery
        this.#due--;
        this.#watch();
        this.#erred = false;
        this.#status = String.fromCharCode(bytes[start + 5]);
        if (this.#fatal !== undefined && this.#status === "I") {
          this.push(bytes.subarray(0, start + 6));
          return this.#leave();
        }
      } else if (type === 0x45) { // ErrorResponse
        const error = readServerError(messageAt(bytes, start));
        const { code } = error;
        // An error that no statement caused comes just before the connection is closed.
        this.#erred = this.#due > 0 || this.#unsynced;
        this.#connector.onError(code);
        if (code === "25006") this.#connector.readOnly();
        if (isSessionUseless(code)) this.#fatal ??= error;
      } else if (type === 0x53 && isReadOnlyReport(messageAt(bytes, start))) { // ParameterStatus
        if (this.#connector.address.targetSession !== "any") this.#retired = true;
      }
    }
    if (bytes.length > 0 && !this.push(bytes)) this.#raw?.pause();
    if (this.#retired) this.#leaveOnceIdle();
  }

  /** Tracks what postgres.js sends; it writes whole messages. */
  #follow(chunk: Buffer): void {
    for (let at = 0; at + 5 <= chunk.length; at += 1 + chunk.readUInt32BE(at + 1)) {
      const type = chunk[at];
      if (type === 0x51 || type === 0x53) { // Query, Sync
        if (type === 0x51) this.#ending = endingOf(chunk.toString("utf8", at + 5, at + 30));
        this.#due++;
        this.#unsynced = false;
        if (this.#due === 1) this.#watch();
      } else if (type === 0x50) { // Parse
        this.#unsynced = true;
        const [name, text] = chunk.toString("latin1", at + 5, at + 100).split("\0");
        const ending = endingOf(text ?? "");
        if (ending !== undefined) this.#endings.set(name, ending);
        this.#ending = ending;
      } else if (type === 0x42) { // Bind
        this.#unsynced = true;
        const [, name] = chunk.toString("latin1", at + 5, at + 100).split("\0");
        this.#ending = this.#endings.get(name ?? "");
      } else if (type === 0x58) { // Terminate
        return;
      } else this.#unsynced = true;
    }
  }

  /** Poolers do not keep statement_timeout, so statements are canceled from here. */
  #watch(): void {
    const { cancelAfterMs } = this.#connector.options;
    if (this.#cancel === undefined || cancelAfterMs === undefined) return;
    clearTimeout(this.#overdue);
    if (this.#due > 0) this.#overdue = setTimeout(this.#cancel, cancelAfterMs);
  }

  #isIdle(): boolean {
    return this.#status === "I" && this.#due === 0 && !this.#unsynced;
  }

  /** Abandons a server that is still there. */
  #leave(): void {
    this.#state = "lost";
    this.#raw?.destroy();
    if (this.#isIdle()) this.#closeSoon();
    else this.#fail(this.#fatal ?? LOST);
  }

  #leaveOnceIdle(): void {
    setImmediate(() => {
      if (this.#isIdle() && !this.destroyed) this.#leave();
    });
  }

  /** Not immediately: postgres.js must learn that the transaction is over before the close. */
  #closeSoon(): void {
    setImmediate(() => this.#fail(RETIRED));
  }

  /** Closes, with an error for the statements that postgres.js waits for. */
  #fail({ code, message }: ServerError): void {
    this.destroy(Object.assign(new Error(message), { code }));
  }

  /** The server is gone. */
  #lose(): void {
    if (this.#state !== "open") return;
    this.#state = "lost";
    this.#connector.options.onUnreachable?.(new DatabaseUnreachable(LOST.message, true));
    if (this.#isIdle()) this.#fail(RETIRED);
    else if (this.#status === "I") this.#fail(this.#fatal ?? LOST);
    else this.#answerLost();
  }

  /** Responds in place of the server: nothing of what comes now has reached it. */
  #answerLost(): void {
    if (this.#status === "I") return this.#fail(RETIRED);
    while (this.#due > 0) {
      this.#due--;
      if (this.#ending === "rollback") this.push(commandComplete("ROLLBACK"));
      else if (!this.#erred) this.push(fatalError(this.#fatal ?? LOST));
      this.#erred = false;
      const over = this.#ending !== undefined;
      if (over) this.#status = "I";
      this.push(readyForQuery(over ? "I" : "E"));
      if (over) return this.#closeSoon();
    }
    if (!this.#unsynced || this.#erred) return;
    this.#erred = true;
    this.push(fatalError(this.#fatal ?? LOST));
  }
}

/** Cancels the statement that a session executes ("Canceling Requests in Progress"). */
async function cancel(
  target: DialTarget,
  { address, signal }: Connector,
  keyData: Message | undefined,
): Promise<void> {
  if (keyData === undefined) return;
  const timeout = AbortSignal.timeout(address.connectTimeout * 1000);
  try {
    const socket = await dial(target, address, AbortSignal.any([signal, timeout]));
    socket.on("error", () => {});
    socket.on("end", () => socket.destroy());
    // PgBouncer 1.18 exits if the connection is closed before it has forwarded the request.
    socket.write(cancelRequest(keyData));
    socket.resume();
    socket.unref();
  } catch {
    // The statement continues; the connection may be lost as well.
  }
}

function isTemporary(error: Error): boolean {
  return error instanceof DatabaseUnreachable && error.temporary;
}

function endingOf(statement: string): "rollback" | "commit" | undefined {
  return /^(rollback|commit)(\0|$)/.exec(statement)?.[1] as "rollback" | "commit" | undefined;
}

/** A ParameterStatus that reports a read-only session. */
function isReadOnlyReport(message: Message): boolean {
  const [name, value] = message.subarray(5).toString("utf8").split("\0");
  return value === "on" && (name === "in_hot_standby" || name === "default_transaction_read_only");
}

/**
 * The start of a session on one host. Messages after the authentication are held back until it is
 * known whether the host is suitable (libpq's target_session_attrs), because another host would
 * start with its own authentication. A statement shows what is at the other end.
 */
class SessionStart {
  #held: Buffer[] = [];
  #stage: "authentication" | "parameters" | "facts" = "authentication";
  #readOnly?: string;
  #facts?: SessionFacts;
  /** BackendKeyData. */
  keyData?: Message;
  /** Why the server rejected the session, if it did. */
  refusal?: Error;

  constructor(
    private readonly connector: Connector,
    private readonly target: DialTarget,
    private readonly send: (query: Buffer) => void,
  ) {}

  held(): Buffer {
    return Buffer.concat(this.#held);
  }

  /** A pooler has its own keys, since it is not a process of PostgreSQL. */
  get isPooled(): boolean {
    return this.keyData?.readInt32BE(5) !== this.#facts?.pid;
  }

  /**
   * Takes the next message: `pass` it on, `hold` it, or the session is `ready`; an Error if it
   * cannot be used.
   */
  take(message: Message): "pass" | "hold" | "ready" | Error {
    const type = messageType(message);
    if (type === "E") return this.refusal = this.#refused(readServerError(message));
    if (this.#stage === "facts") {
      if (type === "D") this.#facts = readSessionFacts(message);
      return type === "Z" ? this.#judge() : "hold";
    }
    // AuthenticationOk: postgres.js must not see the rest until the host is accepted.
    if (type === "R" && message.readUInt32BE(5) === 0) this.#stage = "parameters";
    if (this.#stage === "authentication") return "pass";
    this.#held.push(Buffer.from(message));
    if (type === "K") this.keyData = Buffer.from(message);
    if (type === "S") {
      const [name, value] = message.subarray(5).toString("utf8").split("\0");
      if (value === "on" && this.#countsAsReadOnly(name)) this.#readOnly ??= name;
    }
    if (type !== "Z") return "hold";
    this.#stage = "facts";
    this.send(SESSION_QUERY);
    return "hold";
  }

  #judge(): "ready" | Error {
    const facts = this.#facts;
    const at = describeTarget(this.target);
    if (facts === undefined) return closedImmediately(this.target);
    if (this.isPooled) {
      if (this.connector.options.mustBeDirect) return notDirect(at);
      // It may have read its parameters from a server that has another role by now.
      this.#readOnly = facts.isStandby
        ? "in_hot_standby"
        : facts.isReadOnly && this.#countsAsReadOnly("default_transaction_read_only")
        ? "default_transaction_read_only"
        : undefined;
      if (facts.unsuitable !== undefined) return unsuitableSetting(at, facts.unsuitable);
      this.connector.foundPooler();
    }
    if (this.#readOnly === undefined || this.connector.address.targetSession === "any") {
      return "ready";
    }
    const reason = this.#readOnly === "in_hot_standby"
      ? "is a standby"
      : "has default_transaction_read_only on";
    return new DatabaseUnreachable(`${at} ${reason} and does not accept writes`, true);
  }

  #countsAsReadOnly(parameter: string): boolean {
    return parameter === "in_hot_standby" ||
      (parameter === "default_transaction_read_only" &&
        this.connector.address.targetSession === "read-write");
  }

  #refused({ code, message }: ServerError): Error {
    if (this.#stage === "facts") {
      return new DatabaseUnreachable(
        `${describeTarget(this.target)} accepts connections, but no statements: ${message}`,
        true,
      );
    }
    if (code === CANNOT_CONNECT_NOW) {
      return new DatabaseUnreachable(
        `${describeTarget(this.target)} does not accept connections yet: ${message}`,
        true,
      );
    }
    return Object.assign(new Error(message), { code });
  }
}

function notDirect(at: string): DatabaseUnreachable {
  return new DatabaseUnreachable(
    `${at} is a connection pooler, and notifications (LISTEN) need a direct connection. Set ` +
      "database_listen_url to the address of PostgreSQL itself",
    false,
  );
}

function unsuitableSetting(
  at: string,
  { name, value, required }: NonNullable<SessionFacts["unsuitable"]>,
): DatabaseUnreachable {
  return new DatabaseUnreachable(
    `${at} is a connection pooler whose sessions have ${name} = ${value}, but ${required} is ` +
      `required, and poolers do not pass it on. Run on PostgreSQL: alter role USER set ${name} = ` +
      `'${required}'. Then let the pooler reconnect`,
    false,
  );
}
