/** Longest class, in characters. */
const MAX_LENGTH = 40;

/**
 * What kind of program a User-Agent names: its first product (RFC 9110 section
 * 10.1.5) without version; whatever calls itself Mozilla is a browser.
 */
export function userAgentClass(userAgent: string): string {
  const [, product = ""] = /^\s*([\w.!#$%&'*+^`|~-]+)/.exec(userAgent) ?? [];
  return product === "Mozilla" ? "browser" : product.slice(0, MAX_LENGTH);
}
