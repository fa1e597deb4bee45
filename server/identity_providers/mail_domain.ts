import { nameKey } from "../../shared/name_key.ts";

/** A domain as domains are compared: in lower case, an international one in ASCII. */
export function normalizeDomain(domain: string): string | undefined {
  const text = nameKey(domain.trim()).replace(/^@/, "");
  if (!URL.canParse(`http://${text}/`)) return undefined;
  const { hostname, pathname, port, username } = new URL(`http://${text}/`);
  const isDomain = pathname === "/" && port === "" && username === "" &&
    hostname.length <= 253 && /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/.test(hostname) &&
    !/^[\d.]+$/.test(hostname);
  return isDomain ? hostname : undefined;
}

/** The domain of an e-mail address. */
export function mailDomain(email: string): string | undefined {
  return normalizeDomain(email.slice(email.lastIndexOf("@") + 1));
}
