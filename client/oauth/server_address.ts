/**
 * The server in an address that a user types or pastes: its own, or that of one of its pages. The
 * rest of the address may contain a code or a token, so it is neither printed, stored nor requested.
 */
import { brand } from "../../shared/brand.ts";
import { tokenKinds } from "../../shared/tokens/kinds.ts";
import { isUuid } from "../../shared/uuid.ts";
import { ClientError } from "../errors.ts";
import { isLoopback } from "./host.ts";

const WELL_KNOWN = ".well-known";

/** Where the pages of a server begin: an issuer ends before them. Other pages are found by trying. */
const PAGES: ReadonlySet<string> = new Set([
  WELL_KNOWN,
  "device",
  "devices",
  "logins",
  "sessions",
  "setup",
  "signin",
  "signout",
  "tokens",
]);

/** Bounds how many addresses are tried. */
const MAX_SEGMENTS = 5;

/** One of our tokens, or a JWT. */
const TOKEN = new RegExp(
  `${tokenKinds.map(({ prefix }) => prefix).join("|")}|^ey[\\w-]*\\.ey`,
  "i",
);

/** A user code has no vowels. */
const USER_CODE = /^[b-df-hj-np-tv-z]{4}-[b-df-hj-np-tv-z]{4}$/i;

/** Characters of an opaque text, which has letters and digits and is not a UUID. */
const OPAQUE = /^[\w~-]{24,}$/;

function isOpaque(segment: string): boolean {
  return OPAQUE.test(segment) && /\d/.test(segment) && /[a-z]/i.test(segment) &&
    !isUuid(segment.toLowerCase());
}

/**
 * The issuer identifiers that the address may belong to, the longest first. The default scheme is
 * `https`, on this machine `http`. Throws ClientError.
 */
export function serverCandidates(text: string): string[] {
  const { origin, pathname } = parseAddress(text);
  const segments = pathname.split("/").filter((segment) => segment !== "");
  const secret = segments.findIndex((segment) =>
    TOKEN.test(segment) || USER_CODE.test(segment) || isOpaque(segment)
  );
  const known = segments.slice(0, secret < 0 ? undefined : secret);
  // RFC 8414 section 3.1: the issuer's path comes after the well-known part.
  const issuer = known[0] === WELL_KNOWN ? known.slice(2, 2 + MAX_SEGMENTS) : beforePages(known);
  return Array.from(
    { length: issuer.length + 1 },
    (_, index) => [origin, ...issuer.slice(0, issuer.length - index)].join("/"),
  );
}

/** The likeliest server of the address. Throws ClientError. */
export function parseServer(text: string): string {
  return serverCandidates(text)[0];
}

/** An issuer identifier, without a trailing slash (RFC 8414 section 2). Throws ClientError. */
export function parseIssuer(text: string): string {
  const url = parseAddress(text);
  if (url.search || url.hash) throw invalidServer("An issuer has no query and no fragment.");
  return url.origin + url.pathname.replace(/(?<!\/)\/+$/, "");
}

function beforePages(segments: readonly string[]): string[] {
  const end = segments.findIndex((segment) => PAGES.has(segment.toLowerCase()));
  return segments.slice(0, end < 0 ? MAX_SEGMENTS : Math.min(end, MAX_SEGMENTS));
}

function parseAddress(text: string): URL {
  const trimmed = text.trim().replace(/^<(.*)>$/, "$1");
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed);
  const [host] = trimmed.replace(/^[a-z]+:\/\//i, "").split(/[/?#]/);
  // Before a host of this name is looked up.
  if (TOKEN.test(host) || (!hasScheme && USER_CODE.test(host))) {
    throw invalidServer("This is a token or a code, not the address of a server.");
  }
  const address = hasScheme ? trimmed : `https://${trimmed}`;
  if (trimmed === "" || !URL.canParse(address)) {
    throw invalidServer("This is not an address such as https://auth.example.com.");
  }
  const url = new URL(address);
  if (!hasScheme && isLoopback(url)) url.protocol = "http:";
  if (url.username || url.password) {
    throw invalidServer("The address of the server must not contain a user name or password.");
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw invalidServer(
      `The address of the server must begin with https://, not ${url.protocol}//.`,
    );
  }
  if (url.protocol === "http:" && !isLoopback(url)) {
    throw invalidServer(
      `http://${url.host} does not encrypt, so anyone on the network could read the tokens. ` +
        `Use https://${url.hostname}.`,
    );
  }
  return url;
}

function invalidServer(reason: string): ClientError {
  return new ClientError(
    "invalid_server",
    `${reason} Set the server with --server or ${brand.envPrefix}_SERVER.`,
  );
}
