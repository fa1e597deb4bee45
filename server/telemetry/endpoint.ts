/** `/metrics`, for Prometheus and whatever else scrapes it. */
import { createHash, timingSafeEqual } from "node:crypto";
import { withTimeout } from "../../shared/deadline.ts";
import { bearerToken } from "../http/authorization.ts";
import { requestPath } from "../http/request_target.ts";
import { CONTENT_TYPES, exposeMetrics, type ExpositionFormat } from "./exposition.ts";
import type { Metrics } from "./metrics.ts";

export const METRICS_PATH = "/metrics";

/** What is waited for values that the database has: metrics must be there during its outage. */
const SAMPLE_TIMEOUT_MS = 1000;

export interface MetricsEndpointDeps {
  metrics: Metrics;
  /** Updates what the database knows, if that is due. */
  sampler: { sample(): Promise<void> };
  /** What a request has to present; undefined: nothing. */
  token: string | undefined;
}

export type MetricsEndpoint = (request: Request) => Promise<Response>;

export function metricsEndpoint({ metrics, sampler, token }: MetricsEndpointDeps): MetricsEndpoint {
  return exposition(token, async (format) => {
    await withTimeout(sampler.sample(), SAMPLE_TIMEOUT_MS).catch(() => {});
    return exposeMetrics(metrics, format);
  });
}

/** Responds to requests with the token with what `expose` returns; undefined: there is nothing now. */
export function exposition(
  token: string | undefined,
  expose: (format: ExpositionFormat, request: Request) => Promise<string | undefined>,
): MetricsEndpoint {
  const expected = token === undefined ? undefined : sha256(token);
  return async (request) => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      return message(405, "Metrics are read with GET.", { allow: "GET, HEAD" });
    }
    if (expected !== undefined && !isPresented(request, expected)) {
      return message(401, "Send the value of metrics_token as a bearer token.", {
        "www-authenticate": 'Bearer realm="metrics"',
      });
    }
    const format = acceptedFormat(request.headers.get("accept") ?? "");
    const text = await expose(format, request);
    if (text === undefined) return notYet("No process has answered.");
    return new Response(request.method === "HEAD" ? null : text, {
      headers: { "content-type": CONTENT_TYPES[format], "cache-control": "no-store" },
    });
  };
}

/** A listener that has nothing else. */
export function metricsSite(endpoint: MetricsEndpoint): MetricsEndpoint {
  return async (request) =>
    requestPath(request.url) === METRICS_PATH
      ? await endpoint(request)
      : message(404, `Metrics are at ${METRICS_PATH}.`);
}

/** Of equal length, so that the duration does not show how close a guess is. */
function isPresented({ headers }: Request, expected: Uint8Array): boolean {
  const presented = bearerToken(headers);
  return presented !== undefined && timingSafeEqual(sha256(presented), expected);
}

function sha256(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}

/** RFC 9110 section 15.6.4. */
export function notYet(reason: string): Response {
  return message(503, `${reason} Try again shortly.`, { "retry-after": "5" });
}

function message(status: number, text: string, headers: Record<string, string> = {}): Response {
  return new Response(`${text}\n`, {
    status,
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "cache-control": "no-store",
      ...headers,
    },
  });
}

/** OpenMetrics for a scraper that wants it at least as much as text (RFC 9110 section 12.5.1). */
export function acceptedFormat(accept: string): ExpositionFormat {
  const weight = (type: string) =>
    Math.max(
      0,
      ...accept.split(",").map((range) => range.split(";").map((part) => part.trim()))
        .filter(([name]) => name.toLowerCase() === type)
        .map(([, ...parameters]) => quality(parameters)),
    );
  const openMetrics = weight("application/openmetrics-text");
  return openMetrics > 0 && openMetrics >= weight("text/plain") ? "openmetrics" : "text";
}

function quality(parameters: readonly string[]): number {
  const parameter = parameters.find((text) => /^q=/i.test(text));
  const value = Number(parameter?.slice(2) ?? 1);
  return value >= 0 && value <= 1 ? value : 0;
}
