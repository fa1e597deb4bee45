import { lookup } from "node:dns/promises";
import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { Buffer } from "node:buffer";
import { describeHost, type PostgresAddress } from "./postgres_url.ts";

/** No session with the database. `message` names the host and, if known, what to do. */
export class DatabaseUnreachable extends Error {
  override readonly name = "DatabaseUnreachable";

  /** `temporary`: the same attempt may succeed later. */
  constructor(message: string, readonly temporary: boolean) {
    super(message);
  }
}

/** One address of the database. */
export interface DialTarget {
  /** As configured. The certificate must have this name. */
  host: string;
  port: number;
  /** An IP address, or the path of a Unix socket, which starts with /. */
  address: string;
}

/**
 * Every address of every host, in order. Unknown host names are left out unless all are unknown.
 */
export async function resolveTargets({ hosts }: PostgresAddress): Promise<DialTarget[]> {
  const resolved = await Promise.all(hosts.map(async ({ host, port }) => {
    if (host.startsWith("/")) return [{ host, port, address: `${host}/.s.PGSQL.${port}` }];
    if (isIP(host) !== 0) return [{ host, port, address: host }];
    try {
      const addresses = await lookup(host, { all: true });
      return addresses.map(({ address }) => ({ host, port, address }));
    } catch {
      return [];
    }
  }));
  const targets = resolved.flat();
  if (targets.length === 0) {
    const names = hosts.map(({ host }) => host).join(", ");
    // A name may be unknown temporarily, as in a cluster whose services are starting.
    throw new DatabaseUnreachable(`the host name ${names} cannot be resolved`, true);
  }
  return targets;
}

/** SSLRequest ("SSL Session Encryption"). */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/**
 * Connects to one target, with TLS if the settings demand it. Throws DatabaseUnreachable. `signal`
 * aborts it at once.
 */
export async function dial(
  target: DialTarget,
  { tls }: PostgresAddress,
  signal: AbortSignal,
): Promise<Socket> {
  // TLS must take over the socket immediately, so its files are read first.
  const files = await tlsFiles(tls);
  const socket = await open(target, signal);
  if (tls.mode === "disable" || target.address.startsWith("/")) return socket;
  try {
    socket.write(SSL_REQUEST);
    const answer = await firstByte(socket, target, signal);
    if (answer === "S") return await startTls(socket, target, { mode: tls.mode, ...files }, signal);
    if (answer !== "N") {
      throw new DatabaseUnreachable(`${describeTarget(target)} is not a PostgreSQL server`, false);
    }
    if (tls.mode === "prefer") return socket;
    throw new DatabaseUnreachable(
      `${describeTarget(target)} does not offer TLS, which sslmode=${tls.mode} of database_url ` +
        "demands. Switch TLS on there (ssl = on in postgresql.conf), or, where the network in " +
        "between is trusted, use sslmode=disable",
      false,
    );
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

export function describeTarget({ host, port }: DialTarget): string {
  return describeHost(host, port);
}

async function open(target: DialTarget, signal: AbortSignal): Promise<Socket> {
  const socket = target.address.startsWith("/")
    ? connect(target.address)
    : connect(target.port, target.address);
  await waitFor(socket, signal, (on, resolve, reject) => {
    const failed = (code?: string) =>
      reject(new DatabaseUnreachable(connectError(target, code), true));
    on("connect", resolve);
    on("error", (error: Error & { code?: string }) => failed(error.code));
    on("close", () => failed());
  });
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 60_000);
  return socket;
}

function connectError(target: DialTarget, code: string | undefined): string {
  const at = describeTarget(target);
  if (code === "ECONNREFUSED") return `${at} refused the connection`;
  if (code === "ENOENT") return `there is no socket ${target.address}`;
  if (code === "EACCES" || code === "EPERM") {
    return `this user is not allowed to connect to ${
      target.address.startsWith("/") ? target.address : at
    }`;
  }
  return `${at} cannot be reached${code === undefined ? "" : ` (${code})`}`;
}

/** As load balancers without a server behind them do. */
export function closedImmediately(target: DialTarget): DatabaseUnreachable {
  return new DatabaseUnreachable(
    `${describeTarget(target)} closed the connection immediately`,
    true,
  );
}

async function firstByte(socket: Socket, target: DialTarget, signal: AbortSignal): Promise<string> {
  const chunk = await waitFor<Buffer>(socket, signal, (on, resolve, reject) => {
    const closed = () => reject(closedImmediately(target));
    on("data", (chunk: Buffer) => {
      // TLS cannot take over a socket that is being read.
      socket.pause();
      resolve(chunk);
    });
    on("error", closed);
    on("close", closed);
  });
  // Further unencrypted bytes could come from a man in the middle (CVE-2021-23222).
  return chunk.length === 1 ? String.fromCharCode(chunk[0]) : "";
}

interface TlsFiles {
  ca?: string[];
  cert?: string;
  key?: string;
}

async function tlsFiles(tls: PostgresAddress["tls"]): Promise<TlsFiles> {
  const read = async (name: string, path: string) => {
    try {
      return await Deno.readTextFile(path);
    } catch (error) {
      const reason = error instanceof Deno.errors.NotFound ? "does not exist" : "cannot be read";
      throw new DatabaseUnreachable(
        `the file of ${name} in database_url, ${path}, ${reason}`,
        false,
      );
    }
  };
  const { rootCertificate, certificate, key } = tls;
  return {
    ...rootCertificate !== undefined && rootCertificate !== "system" &&
      { ca: [await read("sslrootcert", rootCertificate)] },
    ...certificate !== undefined && key !== undefined &&
      { cert: await read("sslcert", certificate), key: await read("sslkey", key) },
  };
}

async function startTls(
  raw: Socket,
  target: DialTarget,
  { mode, ...files }: TlsFiles & Pick<PostgresAddress["tls"], "mode">,
  signal: AbortSignal,
): Promise<Socket> {
  const socket = connectTls({
    socket: raw,
    host: target.host,
    ...isIP(target.host) === 0 && { servername: target.host },
    rejectUnauthorized: mode === "verify-ca" || mode === "verify-full",
    ...mode === "verify-ca" && { checkServerIdentity: () => undefined },
    ...files,
  });
  await waitFor(socket, signal, (on, resolve, reject) => {
    on("secureConnect", resolve);
    on("error", (error: Error & { code?: string }) => reject(tlsError(target, error)));
    on("close", () => reject(tlsError(target, {})));
  });
  // The certificate may be rejected only after something was sent.
  socket.on("error", (error: Error & { code?: string }) => {
    tlsErrors.set(socket, tlsError(target, error));
  });
  return socket;
}

const tlsErrors = new WeakMap<Socket, DatabaseUnreachable>();

/** Why a connection was closed before the server sent anything. */
export function closeError(socket: Socket, target: DialTarget): DatabaseUnreachable {
  return tlsErrors.get(socket) ?? closedImmediately(target);
}

/** By the codes of Node and OpenSSL; rustls, which Deno uses, has its own messages. */
function tlsError(
  target: DialTarget,
  { code = "", message = "" }: { code?: string; message?: string },
): DatabaseUnreachable {
  const certificate = `the certificate of ${describeTarget(target)}`;
  if (/EXPIRED/i.test(code) || /Expired/.test(message)) {
    return new DatabaseUnreachable(`${certificate} has expired. Renew it`, false);
  }
  if (/NOT_YET_VALID/i.test(code) || /NotValidYet/.test(message)) {
    return new DatabaseUnreachable(
      `${certificate} is not valid yet. Check the clock of this machine`,
      false,
    );
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID" || /NotValidForName/.test(message)) {
    return new DatabaseUnreachable(
      `${certificate} is for another host name. Use that name in database_url`,
      false,
    );
  }
  if (/SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|UNKNOWN_?(CA|ISSUER)/i.test(`${code} ${message}`)) {
    return new DatabaseUnreachable(
      `${certificate} is not signed by an authority that this machine trusts. ` +
        "Name the authority's PEM file with sslrootcert=… in database_url, or with ca_file",
      false,
    );
  }
  const reason = /^[\w-]+$/.test(code) ? ` (${code})` : "";
  return new DatabaseUnreachable(
    `the TLS handshake with ${describeTarget(target)} failed${reason}`,
    false,
  );
}

// deno-lint-ignore no-explicit-any
type On = (event: string, listener: (...values: any[]) => void) => void;

/** Waits until `listen` resolves or rejects, and removes its listeners. */
async function waitFor<T = void>(
  socket: Socket,
  signal: AbortSignal,
  listen: (on: On, resolve: (value: T) => void, reject: (error: Error) => void) => void,
): Promise<T> {
  const done = Promise.withResolvers<T>();
  const listening: Parameters<On>[] = [];
  const abort = () => done.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  listen(
    (event, listener) => {
      socket.on(event, listener);
      listening.push([event, listener]);
    },
    done.resolve as (value: T) => void,
    done.reject,
  );
  if (signal.aborted) abort();
  try {
    return await done.promise;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
    // An error without a listener would exit the process.
    socket.on("error", () => {});
    for (const [event, listener] of listening) socket.off(event, listener);
  }
}
