/** URLs in settings: how they are checked, and how they are shown without what may be secret. */
import { isLoopbackHost } from "./parsers.ts";

/** Advice about special characters; `database_url` has the same rule. */
const ENCODE =
  "percent-encode special characters of the user and password: %40 for @, %2F for /, " +
  "%3F for ?, %23 for #, %25 for %";

/**
 * A URL as messages may show it: user, password, query and fragment are masked, and with
 * `secretPath` the path as well, since the path of many webhooks is their secret. The text need
 * not be a valid URL: messages are about those that are not.
 */
export function displayUrl(text: string, { secretPath = false } = {}): string {
  // An @ may end a password or be part of the path.
  if (secretPath && text.includes("@")) return MASK;
  const masked = text
    .replace(/^(\w[\w+.-]*:\/\/)?.*@/s, (_, scheme = "") => `${scheme}${MASK}@`)
    .replace(/([?#]).*$/s, `$1${MASK}`);
  return secretPath ? masked.replace(/^(\w[\w+.-]*:\/\/[^/]*)\/.+$/s, `$1/${MASK}`) : masked;
}

export const MASK = "********";

/** Why requests cannot be sent to a URL; undefined if they can. */
export function httpUrlProblem(
  text: string,
  { secretPath = false } = {},
): { code: "invalid_value" | "insecure_url"; message: string } | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) {
    const masked = displayUrl(text, { secretPath });
    const message = `"${masked}" is not a valid URL. Use one such as ` +
      `https://hooks.example.com/path, and ${ENCODE}.`;
    return { code: "invalid_value", message };
  }
  const isSecure = url.protocol === "https:" ||
    (url.protocol === "http:" && isLoopbackHost(url.hostname));
  if (!isSecure) {
    const message = `"${displayUrl(text, { secretPath })}" must use https. ` +
      "Only loopback addresses may use http.";
    return { code: "insecure_url", message };
  }
  if (url.username !== "" || url.password !== "" || text.includes("#")) {
    const message = "must not have a user, a password or a fragment: fetch does not send them.";
    return { code: "invalid_value", message };
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

/** Parses `smtp_url`. A text says what is wrong with it and repeats no part of it. */
export function parseSmtpUrl(text: string): MailServer | string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const malformed = "is not a valid mail server URL. Use one such as " +
    `smtp://user:password@mail.example.com:587 or smtps://…, and ${ENCODE}.`;
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

/** Environment variables that set the proxy for outbound requests. */
export const PROXY_VARIABLES = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"] as const;

/** Parses the URL of a proxy. A text says what is wrong with it and repeats no part of it. */
export function parseProxyUrl(text: string): URL | string {
  const malformed = "is not a valid proxy URL. Use one such as http://user:password@proxy:3128, " +
    `and ${ENCODE}.`;
  const withScheme = text.includes("://") ? text : `http://${text}`;
  const url = URL.canParse(withScheme) ? new URL(withScheme) : undefined;
  if (url === undefined || url.hostname === "") return malformed;
  if (url.protocol !== "http:") {
    return "must start with http://. Other kinds of proxies are not supported.";
  }
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
