/** An authorization server with scripted responses, which records its requests. */
export interface Asked {
  path: string;
  method: string;
  form: Record<string, string>;
  /** The body as it came. */
  text: string;
  query: Record<string, string>;
  headers: Headers;
}

/** An answer: JSON with a status, a ready Response, or `lost`: the connection breaks after the request. */
export type Scripted =
  | { status?: number; json: unknown; headers?: Record<string, string> }
  | (() => Response | Promise<Response>)
  | "lost";

export class ScriptedServer implements AsyncDisposable {
  readonly asked: Asked[] = [];
  readonly #scripts = new Map<string, Scripted[]>();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor() {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {}, onError: () => new Response(null) },
      (request) => this.#answer(request),
    );
    this.script("/.well-known/oauth-authorization-server", { json: this.metadata() });
  }

  get issuer(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  metadata(): Record<string, unknown> {
    return {
      issuer: this.issuer,
      token_endpoint: `${this.issuer}/oauth/token`,
      device_authorization_endpoint: `${this.issuer}/oauth/device/authorize`,
      revocation_endpoint: `${this.issuer}/oauth/revoke`,
      userinfo_endpoint: `${this.issuer}/oauth/userinfo`,
    };
  }

  /** What `path` answers, in order; the last answer is repeated. */
  script(path: string, ...answers: Scripted[]): void {
    this.#scripts.set(path, answers);
  }

  /** The requests `path` has had. */
  askedAt(path: string): Asked[] {
    return this.asked.filter((request) => request.path === path);
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const text = await request.text();
    this.asked.push({
      path: pathname,
      method: request.method,
      form: Object.fromEntries(new URLSearchParams(text)),
      text,
      query: Object.fromEntries(searchParams),
      headers: request.headers,
    });
    const scripts = this.#scripts.get(pathname) ?? [];
    const answer = scripts.length > 1 ? scripts.shift() : scripts[0];
    if (answer === undefined) return Response.json({ error: "not_found" }, { status: 404 });
    if (answer === "lost") return brokenResponse();
    if (typeof answer === "function") return await answer();
    return Response.json(answer.json, { status: answer.status ?? 200, headers: answer.headers });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

/** Breaks off in the middle: the client gets headers and never the whole body. */
function brokenResponse(): Response {
  return new Response(
    new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(`{"access_token":`));
        controller.error(new Error("lost on purpose"));
      },
    }),
    { headers: { "content-type": "application/json" } },
  );
}

/** The usual device authorization response. */
export function deviceAuthorization(issuer: string): Record<string, unknown> {
  return {
    device_code: "bstd_secret",
    user_code: "BCDF-GHJK",
    verification_uri: `${issuer}/device`,
    verification_uri_complete: `${issuer}/device?user_code=BCDF-GHJK`,
    expires_in: 900,
    interval: 5,
  };
}

export const pending: Scripted = { status: 400, json: { error: "authorization_pending" } };
export const slowDown: Scripted = { status: 400, json: { error: "slow_down" } };
