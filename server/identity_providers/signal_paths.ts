import { upstreamPath } from "./redirect_uri.ts";

/** Of the paths below that of the provider's sign-in. */
export const BACKCHANNEL_LOGOUT = "backchannel-logout";
export const EVENTS = "events";

/** Where a provider sends its requests; `endpoint` is one of the above. */
export function providerPath(provider: string, endpoint: string): string {
  return `${upstreamPath(provider)}/${endpoint}`;
}
