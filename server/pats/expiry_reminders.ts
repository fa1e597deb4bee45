import { EXPIRES_SOON_MS } from "../../shared/tokens/limits.ts";
import type { AppParts } from "../app_parts.ts";
import { claimExpiringTokens } from "../store/pats/expiry.ts";
import { notifyOwner } from "./notify_owner.ts";

/** Owners are warned so many seconds before the end of a token, first to last. */
const WARNINGS = [EXPIRES_SOON_MS / 1000, 86_400];
/** Tokens taken at a time. */
const BATCH = 500;

/** Tells of tokens that end soon, each warning once, whatever the number of replicas. */
export async function warnOfExpiry(
  parts: Pick<AppParts, "sql" | "clock" | "webhook" | "mail" | "issuer" | "config">,
): Promise<void> {
  const { sql, clock, config } = parts;
  // Whoever sets one of them up later finds the warnings not given yet.
  if (config.webhook === undefined && config.mail === undefined) return;
  const now = clock.now();
  // The last first: who missed the first warning gets one, not two.
  for (const [index, seconds] of [...WARNINGS.entries()].reverse()) {
    const before = new Date(now + seconds * 1000);
    // Of service accounts' tokens the webhook alone hears.
    const usersOnly = config.webhook === undefined;
    const query = { now: new Date(now), before, warnings: index + 1, usersOnly, limit: BATCH };
    for (const token of await claimExpiringTokens(sql, query)) {
      notifyOwner(parts, { type: "token.expiring", token });
    }
  }
}
