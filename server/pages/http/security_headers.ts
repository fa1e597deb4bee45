import { styleHash } from "../ui/style.ts";

/**
 * Nothing may be loaded, run, framed or sent elsewhere: the pages are HTML with
 * one style sheet in it, named by its hash. The icon is a data: address. A page
 * that has a script names it by its hash too.
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

/** Sent with every page. */
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
