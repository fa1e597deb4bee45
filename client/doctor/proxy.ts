/** Which proxy the runtime uses for an address. */
import { BlockList, isIP } from "node:net";
import type { ClientIo } from "../io.ts";
import { isLoopback } from "../oauth/host.ts";

export interface AppliedProxy {
  /** The variable that names it. */
  variable: string;
  /** Without user name and password; undefined if it is not a valid URL. */
  address: string | undefined;
  /** Why it is not used for the address. */
  exempt?: "loopback" | "NO_PROXY";
}

/** Undefined if no variable names a proxy for addresses of this kind. */
export function appliedProxy(url: URL, env: ClientIo["env"]): AppliedProxy | undefined {
  const scheme = url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
  const variable = [scheme, "ALL_PROXY"].flatMap((name) => [name, name.toLowerCase()])
    .find((name) => env[name]);
  if (variable === undefined) return undefined;
  const proxy = withoutCredentials(env[variable]!);
  const exempt = isLoopback(url)
    ? "loopback"
    : isExempt(url, env.NO_PROXY || env.no_proxy || "")
    ? "NO_PROXY"
    : undefined;
  return { variable, address: proxy, ...exempt !== undefined && { exempt } };
}

function withoutCredentials(text: string): string | undefined {
  const address = text.includes("://") ? text : `http://${text}`;
  if (!URL.canParse(address)) return undefined;
  const url = new URL(address);
  const credentials = url.username || url.password ? "***@" : "";
  return `${url.protocol}//${credentials}${url.host}`;
}

function isExempt(url: URL, noProxy: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  return noProxy.split(",").map((entry) => entry.trim().toLowerCase()).some((entry) => {
    if (entry === "*") return true;
    const name = entry.replace(/^\*?\./, "");
    if (name !== "" && (host === name || host.endsWith(`.${name}`))) return true;
    return isInNetwork(host, entry);
  });
}

function isInNetwork(host: string, entry: string): boolean {
  const [address, prefix] = entry.split("/");
  const [family, other] = [isIP(host), isIP(address)];
  if (family === 0 || family !== other || !/^\d{1,3}$/.test(prefix ?? "")) return false;
  try {
    const list = new BlockList();
    const kind = family === 4 ? "ipv4" : "ipv6";
    list.addSubnet(address, Number(prefix), kind);
    return list.check(host, kind);
  } catch {
    return false;
  }
}
