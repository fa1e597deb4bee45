/** A user who approves in the browser: quick, form by form over HTTP, without a screen. */
import assert from "node:assert/strict";
import { CSRF_FIELD } from "../../server/pages/http/csrf.ts";
import { brand } from "../../shared/brand.ts";
import { managementResource } from "../../shared/management.ts";
import { DEVICE_CODE_GRANT } from "../../shared/oauth/grant_types.ts";
import { WIDEST_MANAGEMENT_SCOPES } from "./management_scopes.ts";

export interface Approver {
  /** Enters the code and decides. Signs in first if necessary. */
  decide(userCode: string, decision: "approve" | "deny"): Promise<void>;
  /**
   * Opens an authorization request, signs in if necessary, and decides. Returns the address that the
   * browser leaves to, which is not opened.
   */
  authorize(url: string, decision?: "approve" | "deny"): Promise<URL>;
  /** Opens a page, signs in if necessary, and sends its form for `action`. Returns the page's name. */
  submit(path: string, action: string, fields?: Record<string, string>): Promise<string>;
  /** The title of the page at `path`, after redirects. */
  title(path: string): Promise<string>;
  /** The name of that page, or what went wrong: its `data-page` or `data-error`. */
  page(path: string): Promise<string>;
}

export interface Account {
  email: string;
  password: string;
}

/**
 * In a browser of its own at `origin`, not signed in yet. `onSecret` is called with its cookies and the
 * CSRF tokens of the forms that it sends.
 */
export function approver(
  origin: string,
  { email, password }: Account,
  onSecret: (secret: string) => void = () => {},
): Approver {
  const cookies = new Map<string, string>();

  /** One request and the redirects it leads to. */
  async function visit(path: string, form?: URLSearchParams): Promise<string> {
    let address = new URL(path, origin);
    let init: RequestInit = form === undefined ? {} : { method: "POST", body: form };
    for (let redirects = 0; redirects < 10; redirects++) {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
      const response = await fetch(address, { ...init, redirect: "manual", headers: { cookie } });
      for (const set of response.headers.getSetCookie()) {
        const [name, value] = set.split(";")[0].split("=");
        cookies.set(name, value);
        if (value !== "") onSecret(value);
      }
      const location = response.headers.get("location");
      const text = await response.text();
      const next = location === null ? refreshOf(text, address) : new URL(location, address);
      if (next?.origin !== origin) return text;
      address = next;
      init = {};
    }
    throw new Error(`${path} redirects without end`);
  }

  /** Sends the form that posts to `action`, its hidden fields as they are. */
  async function submit(html: string, action: string, fields: Record<string, string>) {
    const form = html.split("<form").slice(1).map((text) => text.split("</form")[0])
      .find((text) => text.includes(`action="${action}"`));
    assert.ok(form, `no form for ${action} on the page “${titleOf(html)}”`);
    const hidden = [...form.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)"/g)]
      .map(([, name, value]) => [name, value.replaceAll("&amp;", "&")]);
    for (const [name, value] of hidden) if (name === CSRF_FIELD) onSecret(value);
    return await visit(action, new URLSearchParams([...hidden, ...Object.entries(fields)]));
  }

  return {
    async decide(userCode, decision) {
      let html = await visit("/device");
      if (html.includes('action="/signin"')) {
        html = await submit(html, "/signin", { email, password });
      }
      html = await submit(html, "/device", { user_code: userCode });
      if (html.includes('action="/signin"')) {
        // A request that requires a recent sign-in.
        html = await submit(html, "/signin", { email, password });
        html = await submit(html, "/device", { user_code: userCode });
      }
      html = await submit(html, "/device/confirm", { decision });
      assert.equal(pageOf(html), decision === "approve" ? "approved" : "denied");
    },
    async authorize(url, decision = "approve") {
      const { pathname, search } = new URL(url);
      let html = await visit(pathname + search);
      if (html.includes('action="/signin"')) {
        html = await submit(html, "/signin", { email, password });
      }
      assert.equal(pageOf(html), "consent");
      html = await submit(html, "/consent", { decision });
      const left = refreshOf(html, new URL(origin));
      assert.ok(left, `the browser stays on the page “${titleOf(html)}”`);
      return left;
    },
    async submit(path, action, fields = {}) {
      let html = await visit(path);
      if (action !== "/signin" && html.includes('action="/signin"')) {
        html = await submit(html, "/signin", { email, password });
      }
      return pageOf(await submit(html, action, fields));
    },
    title: async (path) => titleOf(await visit(path)),
    page: async (path) => pageOf(await visit(path)),
  };
}

/** Where a page sends the browser at once. */
function refreshOf(html: string, base: URL): URL | undefined {
  const url = /<meta http-equiv="refresh" content="0; url=([^"]*)"/.exec(html)?.[1];
  return url === undefined ? undefined : new URL(url.replaceAll("&amp;", "&"), base);
}

function titleOf(html: string): string {
  return /<title>([^<]*)/.exec(html)?.[1] ?? html.slice(0, 200);
}

function pageOf(html: string): string {
  const attribute = (name: string) => new RegExp(`<body[^>]* ${name}="([^"]*)"`).exec(html)?.[1];
  return attribute("data-error") ?? attribute("data-page") ?? html.slice(0, 200);
}

/**
 * A token for the management API, with all of its permissions. `scopes` of the operator's API may
 * be given to new tokens.
 */
export async function approveManagement(
  issuer: string,
  who: Approver,
  scopes: readonly string[],
): Promise<string> {
  const post = async (path: string, form: Record<string, string>) => {
    const response = await fetch(`${issuer}${path}`, {
      method: "POST",
      body: new URLSearchParams({ client_id: brand.cliClientId, ...form }),
    });
    const body = await response.json();
    assert.equal(response.status, 200, JSON.stringify(body));
    return body;
  };
  const started = await post("/oauth/device/authorize", {
    scope: [...WIDEST_MANAGEMENT_SCOPES, ...scopes].join(" "),
    resource: managementResource(issuer),
  });
  await who.decide(started.user_code, "approve");
  const { access_token } = await post("/oauth/token", {
    grant_type: DEVICE_CODE_GRANT,
    device_code: started.device_code,
  });
  return access_token;
}
