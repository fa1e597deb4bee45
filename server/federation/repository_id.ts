import { OutboundError, type OutboundHttp } from "../outbound/outbound_http.ts";
import type { LookUpId } from "./build_rule.ts";

/** Longest wait for a provider, in ms: an operator sits before it. */
const TIMEOUT = 5_000;

/** Largest description of a repository we read, in bytes. */
const MAX_BYTES = 256 * 1024;

/** Asks GitHub's or GitLab's public API for a repository's number. */
export function repositoryIdLookUp(http: OutboundHttp, allowPrivate: boolean): LookUpId {
  return async (provider, issuer, subject) => {
    // Each name stays one segment of the path.
    const segments = subject.split("/").map(encodeURIComponent);
    const address = provider.startsWith("github")
      ? `${githubApi(issuer)}/repos/${segments.join("/")}`
      : `${new URL(issuer).origin}/api/v4/projects/${segments.join("%2F")}`;
    try {
      const { status, body } = await http.request(address, {
        accept: "application/json, */*;q=0.1",
        timeout: TIMEOUT,
        maxBytes: MAX_BYTES,
        allowPrivate,
      });
      if (status !== 200) return undefined;
      const { id } = JSON.parse(new TextDecoder().decode(body)) ?? {};
      return Number.isSafeInteger(id) ? String(id) : undefined;
    } catch (error) {
      if (error instanceof OutboundError || error instanceof SyntaxError) return undefined;
      throw error;
    }
  };
}

/** GitHub Enterprise Server signs as https://HOST/_services/token and has its API at /api/v3. */
function githubApi(issuer: string): string {
  const { origin, hostname } = new URL(issuer);
  return hostname.endsWith("githubusercontent.com") ? "https://api.github.com" : `${origin}/api/v3`;
}
