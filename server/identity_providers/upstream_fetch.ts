import { OutboundError, type OutboundHttp } from "../outbound/outbound_http.ts";

/** For one request; a sign-in takes up to four. */
const TIMEOUT_MS = 8_000;
/** An ID token with thousands of groups has some 100 KB. */
const MAX_BYTES = 1024 * 1024;

export interface UpstreamHttp {
  http: Pick<OutboundHttp, "request">;
  allowPrivate: boolean;
}

/** What openid-client passes to its `customFetch`. */
interface FetchOptions {
  method: string;
  headers: Record<string, string>;
  body?: unknown;
}

/**
 * The `fetch` of openid-client: our client, which does not reach private addresses, follows no
 * redirects and limits size and time. Throws OutboundError.
 */
export function upstreamFetch(
  { http, allowPrivate }: UpstreamHttp,
): (url: string, options: FetchOptions) => Promise<Response> {
  return async (url, { method, headers, body }) => {
    const { accept = "application/json", "user-agent": _, ...others } = headers;
    const { status, headers: received, body: bytes } = await http.request(url, {
      method: method === "POST" ? "POST" : "GET",
      accept,
      headers: others,
      body: body === undefined || body === null ? undefined : String(body),
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_BYTES,
      allowPrivate,
    });
    const hasBody = status !== 204 && status !== 205 && status !== 304;
    return new Response(hasBody ? bytes as Uint8Array<ArrayBuffer> : null, {
      status,
      headers: received,
    });
  };
}

/** The OutboundError that an error of openid-client was caused by. */
export function outboundCause(error: unknown): OutboundError | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof OutboundError) return cause;
  }
  return undefined;
}
