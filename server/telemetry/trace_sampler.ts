/** Whether to record a trace; `parent` says whether the caller does, undefined without one. */
export type Sampler = (traceId: string, parent: boolean | undefined) => boolean;

/**
 * What OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG select (OpenTelemetry Environment Variable
 * Specification); undefined if there is no such sampler.
 */
export function traceSampler(name: string, argument: string | undefined): Sampler | undefined {
  const ratio = argument === undefined ? 1 : Number(argument);
  if (!(ratio >= 0 && ratio <= 1)) return undefined;
  const roots: Record<string, (traceId: string) => boolean> = {
    always_on: () => true,
    always_off: () => false,
    // Ids are random, so that all processes with this ratio select the same ones.
    traceidratio: (traceId) => Number.parseInt(traceId.slice(-12), 16) / 16 ** 12 < ratio,
  };
  const prefix = "parentbased_";
  const isParentBased = name.startsWith(prefix);
  const root = roots[isParentBased ? name.slice(prefix.length) : name];
  if (root === undefined) return undefined;
  return isParentBased ? (traceId, parent) => parent ?? root(traceId) : root;
}
