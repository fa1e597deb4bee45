import { styleHash } from "../ui/style.ts";

/**
 * Pages load, run and frame nothing: they are HTML with one inline style sheet, which the policy
 * allows by its hash, and an icon in a data: URL. A page with a script allows it by its hash.
 */
export function contentSecurityPolicy(scriptHash?: string): string {
  return [
    "default-src 'none'",
    ...scriptHash === undefined ? [] : [`script-src '${scriptHash}'`],
    `style-src '${styleHash}'`,
    "img-src data:",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join("; ");
}

export const SECURITY_HEADERS: Record<string, string> = {
  "Cache-Control": "no-store",
  "Content-Security-Policy": contentSecurityPolicy(),
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Permissions-Policy":
    "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
  // Not no-referrer: under that a browser sends "Origin: null" with our own forms.
  "Referrer-Policy": "same-origin",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
};
