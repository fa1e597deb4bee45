import { parseProxyUrl, proxyVariable } from "../config/setting_url.ts";
import { NetworkList, parseIpAddress } from "../http/ip_address.ts";

/**
 * The proxy that the environment names for `url`: `HTTPS_PROXY` or `HTTP_PROXY`, else `ALL_PROXY`,
 * unless `NO_PROXY` lists the host. A host in `NO_PROXY` includes its subdomains. Throws TypeError
 * for a proxy that cannot be used, so that no request bypasses it.
 */
export function proxyFor(url: URL, env: Record<string, string>): URL | undefined {
  const names = [url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY", "ALL_PROXY"];
  const name = names.find((name) => proxyVariable(env, name) !== undefined);
  if (name === undefined || isExempt(hostOf(url), proxyVariable(env, "NO_PROXY") ?? "")) {
    return undefined;
  }
  const proxy = parseProxyUrl(proxyVariable(env, name)!);
  if (typeof proxy === "string") throw new TypeError(`${name} ${proxy}`);
  return proxy;
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
