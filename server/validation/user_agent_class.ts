const MAX_LENGTH = 40;

/**
 * The kind of program that a User-Agent names: its first product (RFC 9110 section 10.1.5)
 * without version. Browsers call themselves Mozilla.
 */
export function userAgentClass(userAgent: string): string {
  const [, product = ""] = /^\s*([\w.!#$%&'*+^`|~-]+)/.exec(userAgent) ?? [];
  return product === "Mozilla" ? "browser" : product.slice(0, MAX_LENGTH);
}
