/** Settings that are addresses: URLs, networks, mail addresses. */
import { isAbsolute, join } from "node:path";
import { parseNetwork } from "../http/ip_address.ts";
import {
  displayPostgresUrl,
  isPostgresUrl,
  parsePostgresUrl,
  PostgresUrlError,
} from "../store/db/postgres_url.ts";
import { isLoopbackHost, parseListenAddress } from "./parsers.ts";
import { displayUrl, httpUrlProblem, MASK, parseSmtpUrl } from "./setting_url.ts";
import { InvalidValue, type ValueType } from "./value_type.ts";

/** Where to listen. */
export const listenAddress: ValueType<{ hostname: string; port: number }> = {
  placeholder: "host:port",
  accepts: "`host:port`, `[::1]:port`, `:port`",
  parse: (text) =>
    parseListenAddress(text) ??
      new InvalidValue(`"${text}" is not a valid address. Use host:port, such as 127.0.0.1:8787.`),
};

/** The server's own URL: https, without path, query or fragment (RFC 8414 section 2). */
export const issuerUrl: ValueType<string> = {
  placeholder: "url",
  accepts: "HTTPS URL",
  parse(text) {
    const masked = displayUrl(text);
    if (!URL.canParse(text)) {
      return new InvalidValue(
        `"${masked}" is not a valid URL. Use one such as https://auth.example.com.`,
      );
    }
    const url = new URL(text);
    if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopbackHost(url.hostname))) {
      return new InvalidValue(
        `${masked} must use https. Only loopback addresses may use http.`,
        "insecure_url",
      );
    }
    if (url.search !== "" || url.hash !== "" || url.username !== "" || url.pathname !== "/") {
      return new InvalidValue(
        `${masked} must be scheme and host only, without user, path, query or fragment.`,
      );
    }
    return text.replace(/\/$/, "");
  },
};

/** A service that the server sends requests to. With `secretPath` the path is masked too. */
export function httpUrl(options: { secretPath?: boolean } = {}): ValueType<string> {
  return {
    placeholder: "url",
    accepts: "HTTPS URL",
    parse: (text) => {
      const problem = httpUrlProblem(text, options);
      return problem === undefined ? text : new InvalidValue(problem.message, problem.code);
    },
    display: (text) => displayUrl(text, options),
    ...options.secretPath && { holdsCredentials: true },
  };
}

export const smtpUrl: ValueType<string> = {
  placeholder: "url",
  accepts: "`smtp://` or `smtps://` URL",
  parse(text) {
    const server = parseSmtpUrl(text);
    return typeof server === "string" ? new InvalidValue(server) : text;
  },
};

export const postgresUrl: ValueType<string> = {
  placeholder: "url",
  accepts: "`postgres://` URL",
  parse(text) {
    try {
      parsePostgresUrl(text);
      return text;
    } catch (error) {
      if (!(error instanceof PostgresUrlError)) throw error;
      return new InvalidValue(`${error.message}.`);
    }
  },
  // In a URL that cannot be parsed, any part may be the password.
  display: (text) => isPostgresUrl(text) ? displayPostgresUrl(text) : MASK,
  holdsCredentials: true,
};

/** IP addresses and CIDR networks, separated by commas. */
export const networks: ValueType<string[]> = {
  placeholder: "cidrs",
  accepts: "addresses and CIDR networks, separated by commas",
  parse(text) {
    const list = text.split(",").map((network) => network.trim()).filter((network) =>
      network !== ""
    );
    const invalid = list.find((network) => parseNetwork(network) === undefined);
    return invalid === undefined ? list : new InvalidValue(
      `"${invalid}" is not a valid address or network. Use an address or a CIDR network such as ` +
        "10.0.0.0/8.",
    );
  },
};

/** The sender of e-mail (RFC 5322 section 3.4). */
export const mailAddress: ValueType<string> = {
  placeholder: "address",
  accepts: "e-mail address",
  parse: (text) =>
    /^([^<>@\p{Cc}]+ <[^<>@\s]+@[^<>@\s]+>|[^<>@\s]+@[^<>@\s]+)$/u.test(text)
      ? text
      : new InvalidValue(
        `"${text}" is not a valid address. ` +
          "Use one such as auth@example.com or Example <auth@example.com>.",
      ),
};

/** Addresses of users, separated by commas. */
export const emailAddresses: ValueType<string[]> = {
  placeholder: "addresses",
  accepts: "e-mail addresses, separated by commas",
  parse(text) {
    const list = text.split(",").map((address) => address.trim()).filter((address) =>
      address !== ""
    );
    const invalid = list.find((address) => !/^[^<>@\s]+@[^<>@\s]+$/.test(address));
    return invalid === undefined ? list : new InvalidValue(
      `"${invalid}" is not a valid e-mail address. Use one such as alice@example.com.`,
    );
  },
};

/** A folder; a relative path starts at the working directory. */
export const folder: ValueType<string> = {
  placeholder: "folder",
  accepts: "path of a folder",
  parse: (text) => text === "" || isAbsolute(text) ? text : join(Deno.cwd(), text),
};

export const file: ValueType<string> = {
  placeholder: "file",
  accepts: "path of a file",
  parse: (text) => text,
};

/** A host name, or a domain with all names below it. */
const HOST_NAME = /^(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*$/;

/** Names of hosts, separated by commas. */
export const hostNames: ValueType<string[]> = {
  placeholder: "hosts",
  accepts: "host names, separated by commas",
  parse(text) {
    const names = text.split(",").map((name) => name.trim().toLowerCase())
      .filter((name) => name !== "");
    const invalid = names.find((name) => !HOST_NAME.test(name));
    return invalid === undefined ? names : new InvalidValue(
      `"${invalid}" is not a host name. Use one such as example.com, or *.example.com for the ` +
        "hosts below it.",
    );
  },
};
