import { lookup } from "node:dns/promises";
import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { Buffer } from "node:buffer";
import { describeHost, type PostgresAddress } from "./postgres_url.ts";

/** No session with the database; `message` names the host, and says what to do where that is clear. */
export class DatabaseUnreachable extends Error {
  override readonly name = "DatabaseUnreachable";

  /** `temporary`: the same attempt may succeed later. */
  constructor(message: string, readonly temporary: boolean) {
    super(message);
  }
}

/** One address of the database. */
export interface Place {
  /** As configured: the name that a certificate must have. */
  host: string;
  port: number;
  /** What to connect to; a Unix socket's path begins with /. */
  address: string;
}

/** Every address of every host, in order. Hosts whose names are unknown are left out unless all are. */
export async function placesOf({ hosts }: PostgresAddress): Promise<Place[]> {
  const resolved = await Promise.all(hosts.map(async ({ host, port }) => {
    if (host.startsWith("/")) return [{ host, port, address: `${host}/.s.PGSQL.${port}` }];
    if (isIP(host) !== 0) return [{ host, port, address: host }];
    try {
      const found = await lookup(host, { all: true });
      return found.map(({ address }) => ({ host, port, address }));
    } catch {
      return [];
    }
  }));
  const places = resolved.flat();
  if (places.length === 0) {
    const names = hosts.map(({ host }) => host).join(", ");
    // A name may be unknown only for now, as in a cluster whose services are being started.
    throw new DatabaseUnreachable(`the host name ${names} cannot be resolved`, true);
  }
  return places;
}

/** SSLRequest ("SSL Session Encryption"). */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/**
 * Connects to one place, with TLS where the settings ask for it. Throws
 * DatabaseUnreachable; the abort of `signal` ends it at once.
 */
export async function dial(
  place: Place,
  { tls }: PostgresAddress,
  signal: AbortSignal,
): Promise<Socket> {
  // TLS has to take the socket over at once: what it needs is read before.
  const files = await tlsFiles(tls);
  const socket = await open(place, signal);
  if (tls.mode === "disable" || place.address.startsWith("/")) return socket;
  try {
    socket.write(SSL_REQUEST);
    const answer = await firstByte(socket, place, signal);
    if (answer === "S") return await secured(socket, place, { mode: tls.mode, ...files }, signal);
    if (answer !== "N") {
      throw new DatabaseUnreachable(`${describePlace(place)} is not a PostgreSQL server`, false);
    }
    if (tls.mode === "prefer") return socket;
    throw new DatabaseUnreachable(
      `${describePlace(place)} does not offer TLS, which sslmode=${tls.mode} of database_url ` +
        "demands. Switch TLS on there (ssl = on in postgresql.conf), or, where the network in " +
        "between is trusted, use sslmode=disable",
      false,
    );
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

export function describePlace({ host, port }: Place): string {
  return describeHost(host, port);
}

async function open(place: Place, signal: AbortSignal): Promise<Socket> {
  const socket = place.address.startsWith("/")
    ? connect(place.address)
    : connect(place.port, place.address);
  await settled(socket, signal, (on, resolve, reject) => {
    const failed = (code?: string) =>
      reject(new DatabaseUnreachable(connectProblem(place, code), true));
    on("connect", resolve);
    on("error", (error: Error & { code?: string }) => failed(error.code));
    on("close", () => failed());
  });
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 60_000);
  return socket;
}

function connectProblem(place: Place, code: string | undefined): string {
  const at = describePlace(place);
  if (code === "ECONNREFUSED") return `${at} refuses connections`;
  if (code === "ENOENT") return `there is no socket ${place.address}`;
  if (code === "EACCES" || code === "EPERM") {
    return `this user may not connect to ${place.address.startsWith("/") ? place.address : at}`;
  }
  return `${at} cannot be reached${code === undefined ? "" : ` (${code})`}`;
}

/** As balancers do that have no server behind them. */
function closesAtOnce(place: Place): DatabaseUnreachable {
  return new DatabaseUnreachable(`${describePlace(place)} closes connections at once`, true);
}

async function firstByte(socket: Socket, place: Place, signal: AbortSignal): Promise<string> {
  const chunk = await settled<Buffer>(socket, signal, (on, resolve, reject) => {
    const closed = () => reject(closesAtOnce(place));
    on("data", (chunk: Buffer) => {
      // TLS cannot take over a socket that is being read from.
      socket.pause();
      resolve(chunk);
    });
    on("error", closed);
    on("close", closed);
  });
  // More than this byte, unencrypted, would be somebody in between (CVE-2021-23222).
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

async function secured(
  raw: Socket,
  place: Place,
  { mode, ...files }: TlsFiles & Pick<PostgresAddress["tls"], "mode">,
  signal: AbortSignal,
): Promise<Socket> {
  const socket = connectTls({
    socket: raw,
    host: place.host,
    ...isIP(place.host) === 0 && { servername: place.host },
    rejectUnauthorized: mode === "verify-ca" || mode === "verify-full",
    ...mode === "verify-ca" && { checkServerIdentity: () => undefined },
    ...files,
  });
  await settled(socket, signal, (on, resolve, reject) => {
    on("secureConnect", resolve);
    on("error", (error: Error & { code?: string }) => reject(tlsProblem(place, error)));
    on("close", () => reject(tlsProblem(place, {})));
  });
  // A certificate may be refused only once something was sent.
  socket.on("error", (error: Error & { code?: string }) => {
    tlsProblems.set(socket, tlsProblem(place, error));
  });
  return socket;
}

const tlsProblems = new WeakMap<Socket, DatabaseUnreachable>();

/** Why a connection that was dialled has closed before it said anything. */
export function closeProblem(socket: Socket, place: Place): DatabaseUnreachable {
  return tlsProblems.get(socket) ?? closesAtOnce(place);
}

/** By codes of Node and OpenSSL; rustls, below Deno, has its own words. */
function tlsProblem(
  place: Place,
  { code = "", message = "" }: { code?: string; message?: string },
): DatabaseUnreachable {
  const certificate = `the certificate of ${describePlace(place)}`;
  if (/EXPIRED/i.test(code) || /Expired/.test(message)) {
    return new DatabaseUnreachable(`${certificate} has expired. Renew it`, false);
  }
  if (/NOT_YET_VALID/i.test(code) || /NotValidYet/.test(message)) {
    return new DatabaseUnreachable(
      `${certificate} is not valid yet. Is the clock of this machine right?`,
      false,
    );
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID" || /NotValidForName/.test(message)) {
    return new DatabaseUnreachable(
      `${certificate} is for another name. Use the name in it in database_url`,
      false,
    );
  }
  if (/SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|UNKNOWN_?(CA|ISSUER)/i.test(`${code} ${message}`)) {
    return new DatabaseUnreachable(
      `${certificate} is not signed by an authority that this machine trusts. ` +
        "Name the authority's PEM file with sslrootcert=… in database_url",
      false,
    );
  }
  const reason = /^[\w-]+$/.test(code) ? ` (${code})` : "";
  return new DatabaseUnreachable(
    `the TLS handshake with ${describePlace(place)} failed${reason}`,
    false,
  );
}

// deno-lint-ignore no-explicit-any
type On = (event: string, listener: (...values: any[]) => void) => void;

/** Waits for what `listen` announces, without leaving its listeners behind. */
async function settled<T = void>(
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
    // An error that nobody listens to would end the process.
    socket.on("error", () => {});
    for (const [event, listener] of listening) socket.off(event, listener);
  }
}
