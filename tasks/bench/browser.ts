/** Cookies and forms, as a browser handles them, without opening what pages refer to. */

export interface Page {
  url: URL;
  status: number;
  text: string;
}

/** A server that does not answer must not hold up the others. */
const TIMEOUT_MS = 30_000;

/** A browser of one user, that has no cookies yet. */
export class Browser {
  readonly #cookies = new Map<string, string>();

  /**
   * Opens an address and follows redirects, until one leads to `until`, which is returned without
   * being opened.
   */
  async open(address: string | URL, until?: string, form?: URLSearchParams): Promise<Page> {
    let url = new URL(address);
    let init: RequestInit = form === undefined ? {} : { method: "POST", body: form };
    for (let redirects = 0; redirects < 20; redirects++) {
      const headers = { cookie: this.#cookieHeader() };
      const response = await fetch(url, {
        ...{ ...init, headers, redirect: "manual" },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      for (const line of response.headers.getSetCookie()) this.#setCookie(line);
      const [text, location] = [await response.text(), response.headers.get("location")];
      if (location === null) return { url, status: response.status, text };
      url = new URL(location, url);
      if (until !== undefined && url.href.startsWith(until)) return { url, status: 0, text: "" };
      init = {};
    }
    throw new Error(`${address} redirects without end`);
  }

  /** Sends the only form of a page with its hidden fields, and what a user enters. */
  async submit(page: Page, fields: Record<string, string>, until?: string): Promise<Page> {
    const action = /<form[^>]*\saction="([^"]*)"/.exec(page.text)?.[1];
    if (action === undefined) throw new Error(`no form: ${page.url} ${page.status} ${page.text}`);
    const hidden = [...page.text.matchAll(/<input[^>]*type="hidden"[^>]*>/g)].flatMap(([input]) => {
      const of = (name: string) => new RegExp(`\\s${name}="([^"]*)"`).exec(input)?.[1];
      const name = of("name");
      return name === undefined ? [] : [[name, unescapeHtml(of("value") ?? "")]];
    });
    const form = new URLSearchParams([...hidden, ...Object.entries(fields)]);
    return await this.open(new URL(unescapeHtml(action), page.url), until, form);
  }

  #cookieHeader(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  #setCookie(line: string): void {
    const [pair, ...attributes] = line.split(";");
    const [name, value] = [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)];
    const isDeleted = value === "" || attributes.some((text) => /^\s*max-age=0$/i.test(text));
    if (isDeleted) this.#cookies.delete(name);
    else this.#cookies.set(name, value);
  }
}

function unescapeHtml(text: string): string {
  return text.replaceAll("&#43;", "+").replaceAll("&#34;", '"').replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&");
}
