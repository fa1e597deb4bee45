import { NetworkList, parseIpAddress } from "../http/ip_address.ts";

/**
 * The proxy that the environment names for `url`: `HTTPS_PROXY` or `HTTP_PROXY`, else `ALL_PROXY`,
 * unless `NO_PROXY` lists the host. A host in `NO_PROXY` also stands for the hosts below it.
 */
export function proxyFor(url: URL, env: Record<string, string>): URL | undefined {
  const value = (name: string) => env[name.toUpperCase()] || env[name.toLowerCase()];
  const address = value(url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY") ??
    value("ALL_PROXY");
  if (address === undefined || isExempt(hostOf(url), value("NO_PROXY") ?? "")) return undefined;
  const withScheme = address.includes("://") ? address : `http://${address}`;
  return URL.canParse(withScheme) ? new URL(withScheme) : undefined;
}

/** The host of a URL without the brackets of an IPv6 address. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "");
}

function isExempt(host: string, noProxy: string): boolean {
  const entries = noProxy.split(",").map((entry) => entry.trim().toLowerCase());
  if (new NetworkList(entries).includes(parseIpAddress(host))) return true;
  return entries.some((entry) => {
    if (entry === "*") return true;
    const name = entry.replace(/^\*?\./, "");
    return name !== "" && (host === name || host.endsWith(`.${name}`));
  });
}
