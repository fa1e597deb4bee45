/** The user of the kit's server: opens an address as a browser does, signs in and approves. */
import { decode, sendToLoopback } from "./loopback_http.ts";

export interface Account {
  email: string;
  password: string;
}

/** More pages than a login has. */
const MAX_PAGES = 20;

/**
 * Opens `address`, which a command showed or opened, and approves the login. Follows the redirect
 * to the command if there is one. Returns whether the login was approved.
 */
export async function approve(
  address: string,
  origin: string,
  { email, password }: Account,
): Promise<boolean> {
  const cookies = new Map<string, string>();
  let url = new URL(address);
  let form: URLSearchParams | undefined;
  let wasAtServer = false;
  for (let page = 0; page < MAX_PAGES; page++) {
    const isOurs = url.origin === origin;
    if (!isOurs && !isLoopback(url)) return false;
    const headers = new Headers({ host: url.host });
    if (isOurs && cookies.size > 0) {
      headers.set("cookie", [...cookies].map((pair) => pair.join("=")).join("; "));
    }
    if (form !== undefined) {
      headers.set("content-type", "application/x-www-form-urlencoded");
      headers.set("origin", origin);
    }
    const response = await sendToLoopback(
      { hostname: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port || 80) },
      {
        method: form === undefined ? "GET" : "POST",
        path: url.pathname + url.search,
        headers,
        body: new TextEncoder().encode(form?.toString() ?? ""),
      },
    );
    for (const line of isOurs ? response.headers.getSetCookie() : []) {
      const [name, ...value] = line.split(";")[0].split("=");
      cookies.set(name, value.join("="));
    }
    // The command's own page may lead to the server, as well as the other way round.
    wasAtServer ||= isOurs;
    const location = response.headers.get("location");
    if (location !== null) {
      url = new URL(location, url);
      form = undefined;
      continue;
    }
    if (!isOurs) return wasAtServer && response.status < 400;
    const html = decode(response.body);
    if (html.includes(' data-page="approved"')) return true;
    const link = continueLink(html);
    if (link !== undefined) {
      url = new URL(link, url);
      form = undefined;
      continue;
    }
    const next = fillIn(html, { email, password });
    if (next === undefined) return false;
    url = new URL(next.action, url);
    form = next.fields;
  }
  return false;
}

/** The command's own listener, which an authorization code is sent to (RFC 8252 section 7.3). */
function isLoopback({ protocol, hostname }: URL): boolean {
  return protocol === "http:" && ["127.0.0.1", "[::1]", "localhost"].includes(hostname);
}

/** Where a browser goes from a page with a `refresh`. */
function continueLink(html: string): string | undefined {
  const tag = html.split("<a").find((tag) => tag.split(">", 1)[0].includes(' id="continue"'));
  return tag === undefined ? undefined : attribute(tag, "href");
}

/** The form of a page that continues the login, filled in. */
function fillIn(
  html: string,
  account: Account,
): { action: string; fields: URLSearchParams } | undefined {
  for (const rest of html.split("<form").slice(1)) {
    const form = rest.split("</form>", 1)[0];
    const action = attribute(form, "action");
    if (action === undefined) continue;
    const fields = new URLSearchParams();
    for (const text of form.split("<input").slice(1)) {
      const input = text.split(">", 1)[0];
      const name = attribute(input, "name");
      if (name !== undefined) fields.set(name, attribute(input, "value") ?? "");
    }
    const approves = form.includes('value="approve"');
    if (!approves && !fields.has("password") && !fields.get("user_code")) continue;
    if (fields.has("password")) {
      fields.set("email", account.email);
      fields.set("password", account.password);
    }
    if (approves) fields.set("decision", "approve");
    return { action, fields };
  }
}

/** The value of an attribute, which the server's pages write in double quotes. */
function attribute(tag: string, name: string): string | undefined {
  return tag.split(` ${name}="`, 2)[1]?.split('"', 1)[0]
    .replaceAll("&quot;", '"').replaceAll("&#39;", "'").replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
