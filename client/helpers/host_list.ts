/** The hosts that may receive tokens: each with the login whose token it gets. */
import { valueText } from "../../shared/list_text.ts";
import { ClientError } from "../errors.ts";
import { isLoopback } from "../oauth/host.ts";

export interface HostEntry {
  /** `git.example.com` or `registry.example.com:5000`, for https; or `http://127.0.0.1:8080`. */
  host: string;
  /** The server that issues the token; absent: that of the active login. */
  server?: string;
  account?: string;
  /** The user name for programs that ask for one; absent: the account. */
  user?: string;
  /** Whether a personal access token is exchanged for a JWT. */
  exchange?: boolean;
  /** The identifier of the resource that the token is for (RFC 8707); absent: the default one. */
  resource?: string;
  /** The only scopes of the token; absent: those of the login. */
  scope?: string[];
}

/** What a program asks for: a host, or an address on it. */
export interface RequestedHost {
  host: string;
  /** Undefined if the program names only the host. */
  transport: "encrypted" | "plain" | undefined;
  /** Whether plain http to it stays on this machine. */
  loopback: boolean;
}

/** Schemes of URLs in the requests of programs: those of HTTP, gRPC and WebSockets. */
const TRANSPORTS: Readonly<Record<string, RequestedHost["transport"]>> = {
  https: "encrypted",
  grpcs: "encrypted",
  wss: "encrypted",
  http: "plain",
  grpc: "plain",
  ws: "plain",
};

/** Bounds what a user can add, and so the size of the file. */
export const MAX_HOSTS = 500;

/** Undefined if `text` names no host that a token could be sent to. */
export function parseRequestedHost(text: string): RequestedHost | undefined {
  // Cargo names a registry as `sparse+https://…`.
  const address = text.trim().replace(/^(?:sparse|registry)\+/, "");
  // Parsers disagree on these: the program might connect to another host than the one checked.
  if (/[\s\\]/.test(address)) return undefined;
  const separator = address.indexOf("://");
  const scheme = separator < 0 ? undefined : address.slice(0, separator).toLowerCase();
  const rest = separator < 0 ? address : address.slice(separator + "://".length);
  if (scheme !== undefined && !Object.hasOwn(TRANSPORTS, scheme)) return undefined;
  const transport = scheme === undefined ? undefined : TRANSPORTS[scheme];
  // Only the default port depends on the scheme.
  const url = `${transport === "plain" ? "http" : "https"}://${rest}`;
  if (!URL.canParse(url)) return undefined;
  const parsed = new URL(url);
  return { host: parsed.host, transport, loopback: isLoopback(parsed) };
}

/** The host that a user types, as the list has it. Throws ClientError. */
export function parseListedHost(text: string): string {
  const typed = text.trim();
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(typed)?.[1].toLowerCase();
  if (scheme !== undefined && scheme !== "https" && scheme !== "http") {
    throw invalidHost(text, `Its scheme is ${scheme}. Name a host such as git.example.com.`);
  }
  const address = scheme === undefined ? `https://${typed}` : typed;
  if (typed === "" || /[\s*\\]/.test(typed) || !URL.canParse(address)) {
    throw invalidHost(text, "Name a host such as git.example.com or registry.example.com:5000.");
  }
  const url = new URL(address);
  // URLs may have quotes and `$` in a host, which would end up in configurations and scripts.
  if (!/^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])$/.test(url.hostname)) {
    throw invalidHost(text, "A host has letters, digits, hyphens and dots.");
  }
  if (url.username !== "" || url.password !== "") {
    throw invalidHost(url.host, `Omit the user name and password: ${url.host}`);
  }
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "") {
    throw invalidHost(
      text,
      `A token is for a whole host, so omit the path: ${scheme === "http" ? url.origin : url.host}`,
    );
  }
  if (scheme !== "http") return url.host;
  if (isLoopback(url)) return url.origin;
  throw new ClientError(
    "insecure_transport",
    `http://${url.host} does not encrypt, so anyone on the network could read the token. ` +
      `Use https: ${url.hostname}`,
  );
}

/**
 * The entry for what a program requests; undefined if its host is not on the list. Throws
 * ClientError if the token would be sent without encryption.
 */
export function findHost(
  hosts: readonly HostEntry[],
  requested: RequestedHost | undefined,
): HostEntry | undefined {
  if (requested === undefined) return undefined;
  const { host, transport, loopback } = requested;
  const encrypted = hosts.find((entry) => entry.host === host);
  // Programs that name only a host use plain http for loopback addresses, if any.
  const plain = loopback ? hosts.find((entry) => entry.host === `http://${host}`) : undefined;
  if (transport === "plain") {
    if (plain === undefined && encrypted !== undefined) throw insecureTransport(host);
    return plain;
  }
  return encrypted ?? (transport === undefined ? plain : undefined);
}

/** The token is not sent to `host` over plain http. */
export function insecureTransport(host: string): ClientError {
  return new ClientError(
    "insecure_transport",
    `The token is not sent to ${host} over http: anyone on the network could read it. Use https.`,
  );
}

/** The address of a listed host, without a path. */
export function originOf({ host }: HostEntry): string {
  return host.startsWith("http://") ? host : `https://${host}`;
}

function invalidHost(host: string, reason: string): ClientError {
  return new ClientError("invalid_input", `${valueText(host)} is not a valid host. ${reason}`);
}
