/** Addresses in settings: checked once, when settings are read, and shown without what may be secret. */
import { isLoopbackHost } from "./parsers.ts";

/** What a problem says of special characters; `database_url` has the same rule. */
const ENCODE =
  "percent-encode special characters of the user and password: %40 for @, %2F for /, " +
  "%3F for ?, %23 for #, %25 for %";

/**
 * An address as messages may show it. User and password, query and fragment are masked,
 * with `secretPath` the path as well: the addresses of many webhooks are their secret.
 * Works on text that is not a valid URL: that is what messages are about.
 */
export function displayUrl(text: string, { secretPath = false } = {}): string {
  // Nobody can tell whether an @ ends a password or is part of the path.
  if (secretPath && text.includes("@")) return MASK;
  const masked = text
    .replace(/^(\w[\w+.-]*:\/\/)?.*@/s, (_, scheme = "") => `${scheme}${MASK}@`)
    .replace(/([?#]).*$/s, `$1${MASK}`);
  return secretPath ? masked.replace(/^(\w[\w+.-]*:\/\/[^/]*)\/.+$/s, `$1/${MASK}`) : masked;
}

const MASK = "********";

/** What is wrong with the address of a service that we send requests to, without the setting's name. */
export function httpUrlProblem(text: string, { secretPath = false } = {}): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) {
    return `"${displayUrl(text, { secretPath })}" is not a valid URL; write it like ` +
      `https://hooks.example.com/path, and ${ENCODE}`;
  }
  const safe = url.protocol === "https:" ||
    (url.protocol === "http:" && isLoopbackHost(url.hostname));
  if (!safe) return `"${displayUrl(text, { secretPath })}" must be an https address`;
  if (url.username !== "" || url.password !== "" || text.includes("#")) {
    return "must have no user, no password and no #: fetch sends none of them";
  }
  return undefined;
}

/** A mail server as `smtp_url` names it. */
export interface MailServer {
  host: string;
  port: number;
  /** TLS from the first byte (RFC 8314 section 3.3), not by STARTTLS. */
  secure: boolean;
  auth?: { user: string; pass: string };
}

/** Parses `smtp_url`; a text is what is wrong with it, which repeats no part of it. */
export function parseSmtpUrl(text: string): MailServer | string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const malformed = "is not the address of a mail server; write it like " +
    `smtp://user:password@mail.example.com:587 or smtps://…, and ${ENCODE}`;
  if (url === undefined || url.hostname === "") return malformed;
  if (url.protocol !== "smtp:" && url.protocol !== "smtps:") return malformed;
  // What follows one of these may be the rest of a password.
  if (/[?#]/.test(text) || (url.pathname !== "" && url.pathname !== "/")) return malformed;
  const secure = url.protocol === "smtps:";
  try {
    return {
      host: url.hostname.replace(/^\[|\]$/g, ""),
      // RFC 8314 section 3.3 and RFC 6409 section 3.1.
      port: url.port === "" ? (secure ? 465 : 587) : Number(url.port),
      secure,
      ...url.username !== "" && {
        auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) },
      },
    };
  } catch {
    return malformed;
  }
}

/** The variables that name a proxy for outbound requests. */
export const PROXY_VARIABLES = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"] as const;

/** Parses the address of a proxy; a text is what is wrong with it, which repeats no part of it. */
export function parseProxyUrl(text: string): URL | string {
  const malformed =
    "is not the address of a proxy; write it like http://user:password@proxy:3128, " +
    `and ${ENCODE}`;
  const withScheme = text.includes("://") ? text : `http://${text}`;
  const url = URL.canParse(withScheme) ? new URL(withScheme) : undefined;
  if (url === undefined || url.hostname === "") return malformed;
  if (url.protocol !== "http:") return "must be an http:// proxy; others are not supported";
  try {
    decodeURIComponent(url.username + url.password);
    return url;
  } catch {
    return malformed;
  }
}

/** The value of an environment variable in upper or lower case; an empty one counts as absent. */
export function proxyVariable(env: Record<string, string>, name: string): string | undefined {
  return env[name] || env[name.toLowerCase()] || undefined;
}
