import type { Clock } from "../../../shared/clock.ts";
import type { DeviceAuthorization } from "../../store/device_authorizations.ts";
import type { Session } from "../../store/sessions.ts";

/** An approval takes some seconds after the sign-in. */
const LEAST_MAX_AGE = 60;

/**
 * Whether the sign-in of this session is recent enough for the request (RFC 9470 section 4). One
 * after the request always counts as new, so that `max_age=0` means to sign in for it (OpenID
 * Connect Core 1.0 section 3.1.2.1).
 */
export function isSignInRecent(
  { clock }: { clock: Clock },
  { authenticatedAt }: Pick<Session, "authenticatedAt">,
  { maxAge, createdAt }: Pick<DeviceAuthorization, "maxAge" | "createdAt">,
): boolean {
  if (maxAge === undefined) return true;
  const signedInAt = authenticatedAt.getTime();
  return signedInAt >= createdAt.getTime() - maxAge * 1000 &&
    clock.now() - signedInAt <= Math.max(maxAge, LEAST_MAX_AGE) * 1000;
}
