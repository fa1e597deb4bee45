/** The sslmode of libpq (`allow` is treated as `prefer`). */
export type SslMode = "disable" | "prefer" | "require" | "verify-ca" | "verify-full";

/** The parts of `database_url`. */
export interface PostgresAddress {
  /**
   * In the order in which they are tried; a name that starts with / is the folder of a Unix socket.
   */
  hosts: readonly { host: string; port: number }[];
  user?: string;
  password?: string;
  database?: string;
  tls: {
    mode: SslMode;
    /** PEM file of the certificate authorities; `system`: those that the machine trusts. */
    rootCertificate?: string;
    certificate?: string;
    key?: string;
  };
  /** Which of several servers is suitable: one that accepts writes, unless `any` is set. */
  targetSession: "any" | "read-write" | "primary";
  /** Timeout for one host, in seconds. */
  connectTimeout: number;
  /** Further session settings, for the startup packet. */
  parameters: Readonly<Record<string, string>>;
}

/**
 * The URL is not valid. `message` says why, and repeats no part of it: any part may be a password.
 */
export class PostgresUrlError extends Error {
  override readonly name = "PostgresUrlError";
}

const CONNECT_TIMEOUT = 10;

const ENCODE =
  "percent-encode special characters of the user and password: %40 for @, %3A for :, %2F for /, " +
  "%3F for ?, %23 for #, %25 for %";

/** Session settings that the URL can contain. */
const SESSION_PARAMETERS = ["application_name", "options", "search_path"];
/** Parameters of libpq that have no effect here. */
const IGNORED = [
  ...["keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count"],
  ...["tcp_user_timeout", "sslcompression", "sslsni", "client_encoding", "load_balance_hosts"],
  ...["fallback_application_name", "gsslib", "krbsrvname", "ssl_min_protocol_version", "pgbouncer"],
];
const KNOWN = [
  ...["host", "port", "user", "password", "dbname", "sslmode", "sslrootcert", "sslcert", "sslkey"],
  ...["target_session_attrs", "connect_timeout", ...SESSION_PARAMETERS],
];

/**
 * Parses a connection URI as libpq does (PostgreSQL documentation, "Connection URIs"):
 * several hosts, Unix sockets and parameters included. Throws PostgresUrlError. Not
 * the WHATWG parser: it knows one host, and its messages repeat the URL.
 */
export function parsePostgresUrl(text: string): PostgresAddress {
  const scheme = /^postgres(?:ql)?:\/\//.exec(text);
  if (scheme === null) {
    throw new PostgresUrlError("must start with postgres:// or postgresql://");
  }
  if (/[\p{Cc}\s]/u.test(text)) {
    throw new PostgresUrlError(`contains a space or control character; ${ENCODE}`);
  }
  if (text.includes("#")) throw new PostgresUrlError(`contains a "#"; ${ENCODE}`);
  if (/%(?![0-9a-f]{2})/i.test(text)) {
    throw new PostgresUrlError(`contains a "%" that encodes nothing; ${ENCODE}`);
  }
  const [, authority, path = "", query = ""] = /^([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/.exec(
    text.slice(scheme[0].length),
  )!;
  const at = authority.lastIndexOf("@");
  const parameters = parseQuery(query, at === -1);
  if (path.includes("@") || path.includes("/")) {
    throw new PostgresUrlError(
      `is not of the form postgres://user:password@host:port/database; ${ENCODE}`,
    );
  }
  const [, user, password] = /^([^:]*)(?::(.*))?$/.exec(authority.slice(0, Math.max(at, 0)))!;
  const certificate = parameters.get("sslcert");
  const key = parameters.get("sslkey");
  if ((certificate === undefined) !== (key === undefined)) {
    throw new PostgresUrlError("sslcert and sslkey belong together: give both or neither");
  }
  return {
    hosts: parseHosts(authority.slice(at + 1), parameters),
    user: parameters.get("user") ?? (user === "" ? undefined : decode(user)),
    password: parameters.get("password") ?? (password && decode(password)),
    database: parameters.get("dbname") ?? (path === "" ? undefined : decode(path)),
    tls: {
      mode: sslMode(parameters),
      rootCertificate: parameters.get("sslrootcert"),
      certificate,
      key,
    },
    targetSession: targetSession(parameters.get("target_session_attrs")),
    connectTimeout: connectTimeout(parameters.get("connect_timeout")),
    parameters: Object.fromEntries(
      SESSION_PARAMETERS.flatMap((name) => {
        const value = parameters.get(name);
        return value === undefined ? [] : [[name, value]];
      }),
    ),
  };
}

export function isPostgresUrl(text: string): boolean {
  try {
    parsePostgresUrl(text);
    return true;
  } catch (error) {
    if (error instanceof PostgresUrlError) return false;
    throw error;
  }
}

/** Takes a valid URL; masks its passwords. */
export function displayPostgresUrl(text: string): string {
  return text.replace(/^(\w+:\/\/[^:@/]*):.*@/, "$1:********@")
    .replace(/([?&](?:ssl)?password=)[^&]*/g, "$1********");
}

/** Host, port and database, for messages: without user and password. */
export function describePostgres({ hosts, database }: PostgresAddress): string {
  const list = hosts.map(({ host, port }) => describeHost(host, port)).join(",");
  return `PostgreSQL at ${list}${database === undefined ? "" : `/${database}`}`;
}

/** A host and port as URLs write them. */
export function describeHost(host: string, port: number): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new PostgresUrlError("contains percent-encoded bytes that are not UTF-8");
  }
}

function parseQuery(query: string, noUser: boolean): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const part of query === "" ? [] : query.split("&")) {
    const [name] = part.split("=", 1);
    const value = part.slice(name.length + 1);
    const known = KNOWN.includes(name) || IGNORED.includes(name) ||
      ["ssl", "channel_binding", "gssencmode"].includes(name);
    if (!known || !part.includes("=")) {
      // What follows a "?" in a password is not repeated.
      throw new PostgresUrlError(
        noUser || query.includes("@")
          ? `has a "?" before the host; ${ENCODE}`
          : `has an unknown parameter after "?"; known ones: ${KNOWN.join(", ")}`,
      );
    }
    parameters.set(name, decode(value));
  }
  if (parameters.get("channel_binding") === "require") {
    throw new PostgresUrlError(
      "channel_binding=require is not supported; use sslmode=verify-full, which checks the server",
    );
  }
  if (parameters.get("gssencmode") === "require") {
    throw new PostgresUrlError("gssencmode=require is not supported; use sslmode=verify-full");
  }
  return parameters;
}

function parseHosts(
  authority: string,
  parameters: Map<string, string>,
): readonly { host: string; port: number }[] {
  const malformed = new PostgresUrlError(
    `must name its hosts like db.example.com:5432 or [2001:db8::1]; ${ENCODE}`,
  );
  const port = (text: string | undefined): number => {
    if (text === undefined || text === "") return 5432;
    const number = /^\d{1,5}$/.test(text) ? Number(text) : 0;
    if (number < 1 || number > 65535) throw malformed;
    return number;
  };
  const hostNames = parameters.get("host")?.split(",");
  const ports = parameters.get("port")?.split(",");
  if (hostNames !== undefined) {
    if (ports !== undefined && ports.length !== 1 && ports.length !== hostNames.length) {
      throw new PostgresUrlError("has a different number of ports than hosts");
    }
    return hostNames.map((host, index) => ({
      host: host === "" ? "localhost" : host,
      port: port(ports?.length === 1 ? ports[0] : ports?.[index]),
    }));
  }
  return authority.split(",").map((host) => {
    const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]@]*))(?::(.*))?$/i.exec(host);
    if (match === null) throw malformed;
    const name = match[1] ?? decode(match[2]);
    return { host: name === "" ? "localhost" : name, port: port(match[3] ?? ports?.[0]) };
  });
}

function sslMode(parameters: Map<string, string>): SslMode {
  const ssl = parameters.get("ssl");
  const mode = parameters.get("sslmode") ??
    (ssl === "true" ? "verify-full" : ssl === "false" ? "disable" : ssl);
  const root = parameters.get("sslrootcert");
  if (mode === undefined) return root === "system" ? "verify-full" : "disable";
  if (mode === "allow") return "prefer";
  // As in libpq: an authority is configured in order to verify the certificate.
  if (mode === "require") {
    return root === undefined ? "require" : root === "system" ? "verify-full" : "verify-ca";
  }
  if (mode === "disable" || mode === "prefer" || mode === "verify-ca" || mode === "verify-full") {
    return mode;
  }
  throw new PostgresUrlError(
    "sslmode must be one of disable, allow, prefer, require, verify-ca, verify-full",
  );
}

function targetSession(value = "read-write"): PostgresAddress["targetSession"] {
  if (value === "any" || value === "read-write" || value === "primary") return value;
  throw new PostgresUrlError(
    "target_session_attrs must be read-write, primary or any: the server writes with most requests",
  );
}

function connectTimeout(value: string | undefined): number {
  if (value === undefined || value === "0" || value === "") return CONNECT_TIMEOUT;
  if (!/^[1-9]\d{0,3}$/.test(value)) {
    throw new PostgresUrlError("connect_timeout must be a number of seconds");
  }
  return Number(value);
}
