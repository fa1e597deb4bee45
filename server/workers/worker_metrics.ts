import type { OutboundHttp } from "../outbound/outbound_http.ts";
import { combineWorkers } from "../telemetry/combine_workers.ts";
import { exposition, type MetricsEndpoint, metricsSite } from "../telemetry/endpoint.ts";
import { CONTENT_TYPES } from "../telemetry/exposition.ts";

/** Of one worker. */
const TIMEOUT_MS = 3000;
const MAX_BYTES = 8 * 1024 * 1024;

/**
 * `/metrics` of all workers: the parent asks each of them, and passes on the token of the request.
 * A worker that does not answer is left out.
 */
export function workersMetrics(
  { http, token, urls }: {
    http: Pick<OutboundHttp, "request">;
    token: string | undefined;
    /** Where each worker that runs has its metrics. */
    urls(): ReadonlyMap<number, string>;
  },
): MetricsEndpoint {
  return metricsSite(exposition(token, async (format, request) => {
    const authorization = request.headers.get("authorization");
    const read = async (url: string) => {
      const { status, body } = await http.request(url, {
        accept: CONTENT_TYPES[format],
        headers: authorization === null ? {} : { authorization },
        timeoutMs: TIMEOUT_MS,
        maxBytes: MAX_BYTES,
        allowPrivate: true,
      });
      return status === 200 ? new TextDecoder().decode(body) : undefined;
    };
    const answers = await Promise.all(
      [...urls()].map(async ([worker, url]) =>
        [worker, await read(url).catch(() => undefined)] as const
      ),
    );
    const texts = new Map(
      answers.flatMap(([worker, text]) => text === undefined ? [] : [[worker, text] as const]),
    );
    return texts.size === 0 ? undefined : combineWorkers(texts, format);
  }));
}
