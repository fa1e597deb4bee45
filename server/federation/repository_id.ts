import type { LookUpId } from "./rule_draft.ts";

/** Longest wait for a provider, in ms: an operator sits before it. */
const PATIENCE = 5_000;

/** Asks GitHub's or GitLab's public API for a repository's number. */
export function repositoryIdLookUp(fetch: typeof globalThis.fetch): LookUpId {
  return async (provider, issuer, subject) => {
    const address = provider.startsWith("github")
      ? `${githubApi(issuer)}/repos/${subject}`
      : `${new URL(issuer).origin}/api/v4/projects/${encodeURIComponent(subject)}`;
    try {
      const response = await fetch(address, {
        headers: { accept: "application/json" },
        redirect: "error",
        signal: AbortSignal.timeout(PATIENCE),
      });
      if (!response.ok) {
        await response.body?.cancel();
        return undefined;
      }
      const { id } = await response.json();
      return Number.isSafeInteger(id) ? String(id) : undefined;
    } catch {
      return undefined;
    }
  };
}

/** GitHub Enterprise Server signs as https://HOST/_services/token and has its API at /api/v3. */
function githubApi(issuer: string): string {
  const { origin, hostname } = new URL(issuer);
  return hostname.endsWith("githubusercontent.com") ? "https://api.github.com" : `${origin}/api/v3`;
}
