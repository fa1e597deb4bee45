import { OutboundError, type OutboundHttp } from "../outbound/outbound_http.ts";
import type { LookUpNumber } from "./build_rule.ts";

/** Longest wait for a provider's API: an operator waits for it. */
const TIMEOUT_MS = 5_000;

/** Largest description of a repository that is read. */
const MAX_BYTES = 256 * 1024;

/** Asks the public API of GitHub or GitLab for a repository's number. */
export function repositoryNumberLookUp(http: OutboundHttp, allowPrivate: boolean): LookUpNumber {
  return async (apiUrl) => {
    try {
      const { status, body } = await http.request(apiUrl, {
        accept: "application/json, */*;q=0.1",
        timeoutMs: TIMEOUT_MS,
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
