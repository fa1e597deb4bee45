/** Parts of `workloadOf` that several providers have. */
import type { WorkloadOptions } from "./provider.ts";

/** A condition on the value that the token has; undefined without one. */
export function pinned(
  name: string,
  claim: (name: string) => string | undefined,
): string | undefined {
  const value = claim(name);
  return value === undefined ? undefined : `${name}=${value}`;
}

/** The branch or tag of a Git reference; any other one, such as a pull request's, as it is. */
export function refOptions(
  name: string,
  ref: string | undefined,
  conditions: readonly (string | undefined)[],
): WorkloadOptions {
  const [, kind, short] = /^refs\/(heads|tags)\/(.+)$/s.exec(ref ?? "") ?? [];
  if (kind === "heads") return { branch: short, conditions: [...conditions] };
  if (kind === "tags") return { tag: short, conditions: [...conditions] };
  return { conditions: [...conditions, ref === undefined ? undefined : `${name}=${ref}`] };
}
