import { REMINDERS } from "../../shared/tokens/expires_soon.ts";
import type { Clock } from "../../shared/clock.ts";
import type { ServerConfig } from "../config/server_config.ts";
import type { Sql } from "../store/db/connect.ts";
import { claimExpiringTokens } from "../store/pats/expiry.ts";
import { notifyOwner, type NotifyOwnerDeps } from "./notify_owner.ts";

const BATCH_SIZE = 500;

export interface ExpiryRemindersDeps extends NotifyOwnerDeps {
  sql: Sql;
  clock: Clock;
  config: Pick<ServerConfig, "webhook" | "mail">;
}

/** Sends each reminder once, however many replicas there are. Returns how many. */
export async function sendExpiryReminders(deps: ExpiryRemindersDeps): Promise<number> {
  const { sql, clock, config } = deps;
  // Reminders stay due until one of them is configured.
  if (config.webhook === undefined && config.mail === undefined) return 0;
  const now = clock.now();
  let sent = 0;
  // The last reminder first: owners who missed the first one get one message, not two.
  for (const [index, within] of [...REMINDERS.entries()].reverse()) {
    const tokens = await claimExpiringTokens(sql, {
      now: new Date(now),
      within,
      reminders: index + 1,
      // Service accounts have no e-mail address: reminders for them go to the webhook only.
      usersOnly: config.webhook === undefined,
      limit: BATCH_SIZE,
    });
    for (const token of tokens) notifyOwner(deps, { type: "token.expiring", token });
    sent += tokens.length;
  }
  return sent;
}
