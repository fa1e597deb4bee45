/** A browser without a screen: cookies, forms and their hidden fields, one address. */
import type { TestServer } from "./test_server.ts";
import { ISSUER } from "./test_server.ts";

export interface Shown {
  status: number;
  headers: Headers;
  /** Path and query of a redirect. */
  location: string | null;
  html: string;
  /** The text without tags, for messages of failed tests. */
  text: string;
  /** What the page is called in `data-page`. */
  page?: string;
  /** What went wrong, in `data-error`. */
  error?: string;
  /** Problems of a rejected form, as `code` or `code #field`. */
  problems: string[];
  /** What the notice is called in `data-notice`. */
  notice?: string;
}

export interface Visitor {
  cookies: Map<string, string>;
  get(path: string): Promise<Shown>;
  /**
   * Sends the form of the page seen last: its hidden fields, then `fields`. A
   * header that is "" is left out.
   */
  submit(
    path: string,
    fields?: Record<string, string>,
    headers?: Record<string, string>,
  ): Promise<Shown>;
  /** Hidden fields of the page seen last. */
  hidden: Map<string, string>;
}

/** A visitor at `address`; other than the default it needs `trustProxy` in the server's settings. */
export function visitor(
  server: Pick<TestServer, "request">,
  address = "192.0.2.1",
  userAgent = "Browser/1",
): Visitor {
  const cookies = new Map<string, string>();
  const hidden = new Map<string, string>();
  const request = async (path: string, init: RequestInit = {}): Promise<Shown> => {
    const headers = new Headers(init.headers);
    headers.set("user-agent", userAgent);
    headers.set("x-request-id", "request-1");
    headers.set("x-forwarded-for", address);
    headers.set("cookie", [...cookies].map(([name, value]) => `${name}=${value}`).join("; "));
    const response = await server.request(path, { redirect: "manual", ...init, headers });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie)!;
      cookies.set(name, value);
    }
    const html = await response.text();
    if (html !== "") hidden.clear();
    for (const [, name, value] of html.matchAll(/type="hidden" name="(\w+)" value="([^"]*)"/g)) {
      hidden.set(name, value.replaceAll("&amp;", "&"));
    }
    const text = html.replace(/^[^]*<main/, "<main").replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");
    const { status } = response;
    return {
      status,
      headers: response.headers,
      location: response.headers.get("location"),
      html,
      text,
      page: /<body[^>]* data-page="([^"]*)"/.exec(html)?.[1],
      error: /<body[^>]* data-error="([^"]*)"/.exec(html)?.[1],
      problems: [...html.matchAll(/<li data-error="([^"]*)">(?:<a href="([^"]*)")?/g)]
        .map(([, code, field]) => field === undefined ? code : `${code} ${field}`),
      notice: / data-notice="([^"]*)"/.exec(html)?.[1],
    };
  };
  return {
    cookies,
    hidden,
    get: (path) => request(path),
    submit: (path, fields = {}, changed = {}) => {
      const headers = new Headers({ origin: ISSUER, "sec-fetch-site": "same-origin", ...changed });
      for (const [name, value] of Object.entries(changed)) if (value === "") headers.delete(name);
      const body = new URLSearchParams({ ...Object.fromEntries(hidden), ...fields });
      return request(path, { method: "POST", headers, body });
    },
  };
}

/** The proxy that test requests come through, for visitors at several addresses. */
export function trustProxy(config: { trustedProxies: string[] }): void {
  config.trustedProxies = ["192.0.2.1"];
}
