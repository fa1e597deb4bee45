/** Asks identity providers again whether the accounts of users still exist. */
import type { Clock } from "../../shared/clock.ts";
import type { ServerConfig } from "../config/server_config.ts";
import { type RecheckDeps, recheckIdentity } from "../identity_providers/recheck_identity.ts";
import { storeProviderGroups } from "../identity_providers/store_groups.ts";
import type { Log } from "../log.ts";
import { logFailure } from "../request_log.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import type { Sql } from "../store/db/connect.ts";
import {
  type ClaimedIdentity,
  claimIdentityChecks,
  deleteRefutedRejections,
  finishIdentityCheck,
  keepsRefreshTokens,
  recordIdentityRejection,
  takeOverdueRejection,
} from "../store/identity_checks.ts";
import { findIdentityProvider } from "../store/identity_providers.ts";
import { findProviderSignals } from "../store/provider_signals.ts";
import { applyReport } from "./apply_report.ts";

/** Identities that one run of the periodic task checks, and how many of them at a time. */
const BATCH = 200;
const MAX_CONCURRENT = 4;
/** Runs are five minutes apart; one takes no longer, whatever the providers do. */
const MAX_RUN_MS = 4 * 60_000;
/** An identity whose provider did not answer is due again after this long. */
const RETRY_MS = 3_600_000;
/** A login that is renewed has the account checked if the last check is older than this. */
const AT_REFRESH_MS = 3_600_000;
/** Users whose check waits; more are left to the periodic task. */
const MAX_WAITING = 1000;
/** How long it is remembered that no provider keeps refresh tokens. */
const SWITCH_MAX_AGE_MS = 60_000;

export interface RechecksDeps extends RecheckDeps {
  sql: Sql;
  clock: Clock;
  log: Log;
  config: Pick<ServerConfig, "recheck">;
}

export class Rechecks {
  readonly #waiting = new Set<string>();
  #active = 0;
  #isOn = { value: false, at: -Infinity };
  readonly #running = new Set<Promise<void>>();
  #closed = false;

  constructor(private readonly deps: RechecksDeps) {}

  /**
   * Checks the accounts of a user whose login is renewed, in the background: a provider that is slow
   * or down delays no login.
   */
  afterRefresh(userId: string): void {
    if (this.#closed || this.#waiting.size >= MAX_WAITING) return;
    this.#waiting.add(userId);
    this.#work();
  }

  #work(): void {
    while (this.#active < MAX_CONCURRENT && this.#waiting.size > 0) {
      const [userId] = this.#waiting;
      this.#waiting.delete(userId);
      this.#active++;
      const running = this.#checkUser(userId)
        .catch((error) => logFailure(this.deps.log, "recheck_failed", error))
        .finally(() => {
          this.#active--;
          this.#running.delete(running);
          this.#work();
        });
      this.#running.add(running);
    }
  }

  async #checkUser(userId: string): Promise<void> {
    if (!await this.#isSwitchedOn()) return;
    const now = this.deps.clock.now();
    const claimed = await this.#claim({ before: new Date(now - AT_REFRESH_MS), limit: 10, userId });
    for (const identity of claimed) await this.#check(identity);
  }

  async #isSwitchedOn(): Promise<boolean> {
    const now = this.deps.clock.now();
    if (Math.abs(now - this.#isOn.at) > SWITCH_MAX_AGE_MS) {
      this.#isOn = { value: await keepsRefreshTokens(this.deps.sql), at: now };
    }
    return this.#isOn.value;
  }

  /** Checks what is due, and disables the users whose account was rejected before the grace. */
  async runDue(signal?: AbortSignal): Promise<void> {
    const { sql, clock, config } = this.deps;
    if (await keepsRefreshTokens(sql)) {
      const before = new Date(clock.now() - config.recheck.intervalSeconds * 1000);
      const due = await this.#claim({ before, limit: BATCH });
      const stopAt = performance.now() + MAX_RUN_MS;
      const checkNext = async () => {
        for (let next = due.pop(); next !== undefined; next = due.pop()) {
          if (this.#closed || signal?.aborted || performance.now() > stopAt) return;
          await this.#check(next);
        }
      };
      await Promise.all(Array.from({ length: MAX_CONCURRENT }, checkNext));
    }
    if (!signal?.aborted) await this.#disableRejected();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#waiting.clear();
    await Promise.all(this.#running);
  }

  #claim(query: { before: Date; limit: number; userId?: string }): Promise<ClaimedIdentity[]> {
    const now = this.deps.clock.now();
    const claimedUntil = new Date(now + RETRY_MS);
    return claimIdentityChecks(this.deps.sql, { ...query, now: new Date(now), claimedUntil });
  }

  async #check(identity: ClaimedIdentity): Promise<void> {
    const { sql, clock, log } = this.deps;
    const result = await recheckIdentity(this.deps, identity);
    const { id, provider, userId } = identity;
    switch (result.state) {
      case "unknown":
        // The provider may be down: that is not the fault of any user.
        log("warn", "recheck_unanswered", { provider, reason: result.reason });
        return;
      case "not_kept":
        return await finishIdentityCheck(sql, id);
      case "alive": {
        const groups = result.account?.groups;
        // The claims of a renewed ID token may be fewer (OpenID Connect Core 1.0 section 12.2).
        if (groups !== undefined && !groups.isMissing) {
          await sql.begin((tx) =>
            storeProviderGroups(tx, { clock }, {
              ...{ identityId: id, userId, provider, groups },
              actor: provider,
            })
          );
        }
        return await finishIdentityCheck(sql, id);
      }
      case "gone":
        await sql.begin(async (tx) => {
          const now = new Date(clock.now());
          if (!await recordIdentityRejection(tx, { identityId: id, now })) return;
          await recordAuditEvent(tx, clock, {
            event: "upstream.account_rejected",
            actor: provider,
            subject: userId,
            details: { reason: result.reason },
          });
        });
    }
  }

  async #disableRejected(): Promise<void> {
    const { sql, clock, config } = this.deps;
    await deleteRefutedRejections(sql);
    const before = new Date(clock.now() - config.recheck.graceSeconds * 1000);
    for (let count = 0; count < BATCH && !this.#closed; count++) {
      const wasOverdue = await sql.begin(async (tx) => {
        const identity = await takeOverdueRejection(tx, before);
        if (identity === undefined) return false;
        const provider = await findIdentityProvider(tx, identity.provider);
        if (provider === undefined) return true;
        await applyReport(tx, { clock }, {
          report: "account_disabled",
          provider,
          signals: await findProviderSignals(tx, provider.name),
          userId: identity.userId,
          event: "upstream.account_gone",
          details: { provider: provider.name },
        });
        return true;
      });
      if (!wasOverdue) return;
    }
  }
}
