import { MAX_COUNTED } from "../../../shared/bounded_count.ts";
import type { Clock } from "../../../shared/clock.ts";
import type { Sql } from "../../store/db/connect.ts";
import { readServerOverview, type ServerOverview } from "../../store/server_overview.ts";

const DAY_MS = 86_400_000;

/** For administrators: how many of everything there are, and what may need them. */
export async function serverOverview({ sql, clock }: { sql: Sql; clock: Clock }) {
  const now = clock.now();
  const overview = await readServerOverview(sql, {
    now: new Date(now),
    since: new Date(now - DAY_MS),
  });
  const attention = whatNeedsAttention(overview);
  return (
    <section id="server-overview">
      <h2>This server</h2>
      <ul class="counts">
        <Count path="/admin/people" count={overview.users} label="People" />
        <Count path="/admin/trust" count={overview.trustRules} label="Trusted workloads" />
        <Count path="/admin/tokens" count={overview.tokens} label="Active tokens" />
      </ul>
      {attention.length === 0
        ? <p class="muted" id="no-attention">Nothing needs your attention.</p>
        : (
          <ul class="attention" id="attention">
            {attention.map(({ code, text, path, link }) => (
              <li data-attention={code}>
                {text} <a href={path}>{link}</a>
              </li>
            ))}
          </ul>
        )}
    </section>
  );
}

function Count({ path, count, label }: { path: string; count: number; label: string }) {
  return (
    <li>
      <a href={path}>
        <strong>{short(count)}</strong> <span>{label}</span>
      </a>
    </li>
  );
}

function short(count: number): string {
  return count > MAX_COUNTED ? `${MAX_COUNTED.toLocaleString("en")}+` : String(count);
}

interface Attention {
  code: string;
  count: number;
  text: string;
  path: string;
  link: string;
}

function whatNeedsAttention(overview: ServerOverview): Attention[] {
  const entry = (
    code: string,
    count: number,
    singular: string,
    plural: string,
  ): Omit<Attention, "path" | "link"> => ({
    code,
    count,
    text: count === 1 ? `1 ${singular}` : `${short(count)} ${plural}`,
  });
  const entries: Attention[] = [
    {
      ...entry(
        "leaked_tokens",
        overview.leakedTokens,
        "token was reported as leaked in the last 24 hours.",
        "tokens were reported as leaked in the last 24 hours.",
      ),
      path: "/admin/tokens?show=inactive",
      link: "Show revoked tokens",
    },
    {
      ...entry(
        "throttled_sign_ins",
        overview.throttledSignIns,
        "limit on failed sign-ins was reached in the last 24 hours.",
        "limits on failed sign-ins were reached in the last 24 hours.",
      ),
      path: "/admin/people",
      link: "Show users",
    },
    {
      ...entry(
        "rejected_workloads",
        overview.rejectedWorkloads,
        "identity token of a workload was rejected in the last 24 hours.",
        "identity tokens of workloads were rejected in the last 24 hours.",
      ),
      path: "/admin/trust",
      link: "Show rules",
    },
    {
      ...entry(
        "expired_rules",
        overview.expiredRules,
        "trust rule has expired.",
        "trust rules have expired.",
      ),
      path: "/admin/trust",
      link: "Show rules",
    },
    {
      ...entry(
        "expiring_tokens",
        overview.expiringTokens,
        "token, of all accounts, expires soon.",
        "tokens, of all accounts, expire soon.",
      ),
      path: "/admin/tokens?show=expiring",
      link: "Show tokens",
    },
    {
      ...entry(
        "invited_users",
        overview.invitedUsers,
        "user has not chosen a password yet.",
        "users have not chosen a password yet.",
      ),
      path: "/admin/people?state=invited",
      link: "Show users",
    },
  ];
  return entries.filter(({ count }) => count > 0);
}
