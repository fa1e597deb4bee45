/** A browser without a screen: cookies, forms and their hidden fields, one address. */
import type { TestServer } from "./test_server.ts";
import { ISSUER } from "./test_server.ts";

export interface Shown {
  status: number;
  headers: Headers;
  /** Path and query of a redirect. */
  location: string | null;
  html: string;
  /** The text without tags, good enough for tests. */
  text: string;
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
export function visitor(server: TestServer, address = "192.0.2.1"): Visitor {
  const cookies = new Map<string, string>();
  const hidden = new Map<string, string>();
  const request = async (path: string, init: RequestInit = {}): Promise<Shown> => {
    const headers = new Headers(init.headers);
    headers.set("user-agent", "Browser/1");
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
