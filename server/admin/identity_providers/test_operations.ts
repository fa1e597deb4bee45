import { randomBytes } from "node:crypto";
import { DomainError } from "../../domain_error.ts";
import { TEST_PATH } from "../../identity_providers/redirect_uri.ts";
import type { TestReport } from "../../identity_providers/test_report.ts";
import { recordAuditEvent } from "../../store/audit_events.ts";
import { findIdentityProvider } from "../../store/identity_providers.ts";
import { findProviderTest, insertProviderTest } from "../../store/identity_provider_tests.ts";
import { tokenHash } from "../../tokens/token_hash.ts";
import { adminEvent } from "../admin_event.ts";
import { type IdentityProviderDeps, noSuchProvider } from "./operations.ts";

const LIFETIME_MS = 15 * 60_000;
/** Less than a command waits for the server. */
const MAX_WAIT_SECONDS = 10;
const POLL_MS = 250;

export interface StartedTest {
  id: string;
  /** Works once, in any browser. It shows what a provider sends, and signs no one in. */
  url: string;
  expiresAt: string;
}

/** Creates a link with which a browser makes a round trip to a provider. */
export async function startIdentityProviderTest(
  deps: IdentityProviderDeps,
  { name }: { name: string },
): Promise<StartedTest | DomainError> {
  const { sql, clock, issuer } = deps;
  const provider = await findIdentityProvider(sql, name);
  if (provider === undefined) return noSuchProvider(name);
  const token = randomBytes(32).toString("base64url");
  const now = new Date(clock.now());
  const expiresAt = new Date(now.getTime() + LIFETIME_MS);
  const id = await insertProviderTest(sql, {
    tokenHash: tokenHash(token),
    provider: name,
    now,
    expiresAt,
  });
  if (id === undefined) return noSuchProvider(name);
  const event = { event: "identity_provider.tested", subject: name };
  await recordAuditEvent(sql, clock, adminEvent(deps, event));
  return {
    id,
    url: `${issuer}${TEST_PATH}?test=${token}`,
    expiresAt: expiresAt.toISOString(),
  };
}

export interface TestProgress {
  /** `waiting`: the link was not used yet; `started`: the browser is at the provider. */
  state: "waiting" | "started" | "expired" | "finished";
  report: TestReport | null;
}

/** How far a test is. Waits some seconds for its end. */
export async function awaitIdentityProviderTest(
  { sql, clock }: IdentityProviderDeps,
  { id, seconds }: { id: string; seconds: number },
): Promise<TestProgress | DomainError> {
  const deadline = performance.now() + Math.min(seconds, MAX_WAIT_SECONDS) * 1000;
  for (;;) {
    const test = await findProviderTest(sql, id);
    if (test === undefined) {
      return new DomainError("not_found", "The test is gone: its identity provider was removed.");
    }
    if (test.finishedAt !== undefined) {
      return { state: "finished", report: test.result as TestReport };
    }
    const isExpired = test.startedAt === undefined && test.expiresAt.getTime() <= clock.now();
    const isAbandoned = clock.now() - test.expiresAt.getTime() > LIFETIME_MS;
    if (isExpired || isAbandoned) return { state: "expired", report: null };
    if (performance.now() >= deadline) {
      return { state: test.startedAt === undefined ? "waiting" : "started", report: null };
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
