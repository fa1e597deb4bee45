import type { Histogram, HistogramSeries, LabelDeclarations, Series } from "./instruments.ts";
import type { Metrics } from "./metrics.ts";
import { endRequestSpan, inRequestSpan, isTracing } from "./tracing.ts";

/** The label of requests that no route matches. */
const UNMATCHED = "unmatched";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;
type Method = typeof METHODS[number] | "other";
const CLASSES = ["1xx", "2xx", "3xx", "4xx", "5xx"] as const;

/** Templates of the requests that the router handles. */
const templates = new WeakMap<Request, string>();

/** Records which route handles a request: `/scim/v2/*`, never the path. */
export function setRouteTemplate(request: Request, template: string): void {
  templates.set(request, template);
}

export function routeTemplate(request: Request): string | undefined {
  return templates.get(request);
}

interface RouteSeries {
  duration: HistogramSeries;
  /** By method, then by class of the status. */
  counts: Map<string, (Series | undefined)[]>;
}

/** `startedAt` is what `performance.now()` has just returned. */
type Handle = (startedAt: number) => Response | Promise<Response>;
type OnError = (error: unknown, request: Request) => Response;

/** Counts requests. Costs two readings of the clock and a few additions for a known route. */
export class RequestMetrics {
  readonly #inProgress: Series;
  readonly #routes = new Map<string, RouteSeries>();
  readonly #duration: Histogram<LabelDeclarations>;

  constructor(
    private readonly metrics: Pick<
      Metrics,
      "httpRequests" | "httpRequestDuration" | "httpRequestsInProgress"
    >,
  ) {
    this.#inProgress = metrics.httpRequestsInProgress.with({});
    this.#duration = metrics.httpRequestDuration as unknown as Histogram<LabelDeclarations>;
  }

  /**
   * Handles a request of `route`, or of the one that `setRouteTemplate` records meanwhile. If the
   * response is a promise that is rejected, `onError` returns one in its place.
   */
  measure(
    request: Request,
    route: string | undefined,
    handle: Handle,
    onError?: OnError,
  ): Response | Promise<Response> {
    // Without tracing there is no function to create for a request.
    return isTracing()
      ? inRequestSpan(request, () => this.#measure(request, route, handle, onError))
      : this.#measure(request, route, handle, onError);
  }

  #measure(
    request: Request,
    route: string | undefined,
    handle: Handle,
    onError: OnError | undefined,
  ): Response | Promise<Response> {
    const startedAt = performance.now();
    this.#inProgress.value++;
    let response;
    try {
      response = handle(startedAt);
    } catch (error) {
      this.#record(request, { route, status: 500, startedAt });
      throw error;
    }
    const recorded = (response: Response) => {
      this.#record(request, { route, status: response.status, startedAt });
      return response;
    };
    if (!(response instanceof Promise)) return recorded(response);
    // One promise for both, and no async function: APIs introspect tokens all the time.
    return response.then(recorded, (error) => {
      if (onError !== undefined) return recorded(onError(error, request));
      this.#record(request, { route, status: 500, startedAt });
      throw error;
    });
  }

  #record(
    request: Request,
    { route, status, startedAt }: {
      route: string | undefined;
      status: number;
      startedAt: number;
    },
  ): void {
    this.#inProgress.value--;
    const seconds = (performance.now() - startedAt) / 1000;
    const template = route ?? routeTemplate(request) ?? UNMATCHED;
    const { method } = request;
    if (isTracing()) {
      const known = METHODS.find((name) => name === method) ?? "HTTP";
      endRequestSpan({ method: known, route: template, status });
    }
    const series = this.#routes.get(template) ?? this.#addRoute(template);
    this.#duration.add(series.duration, seconds);
    const index = Math.min(Math.max(Math.floor(status / 100), 1), 5) - 1;
    const count = series.counts.get(method)?.[index] ??
      this.#addCount(series, template, method, index);
    count.value++;
  }

  #addRoute(route: string): RouteSeries {
    const series = {
      duration: this.metrics.httpRequestDuration.with({ route }),
      counts: new Map(),
    };
    this.#routes.set(route, series);
    return series;
  }

  #addCount({ counts }: RouteSeries, route: string, method: string, index: number): Series {
    const known: Method = METHODS.find((name) => name === method) ?? "other";
    const count = this.metrics.httpRequests.with({ route, method: known, status: CLASSES[index] });
    // Clients choose other methods, which must not fill the memory.
    if (known === "other") return count;
    const byStatus = counts.get(known) ?? [];
    counts.set(known, byStatus);
    byStatus[index] = count;
    return count;
  }
}
