import { Buffer } from "node:buffer";
import { valueText } from "../../shared/list_text.ts";
import { DomainError } from "../domain_error.ts";
import { auditedChanges } from "../store/audited_changes.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import type { Sql, Transaction } from "../store/db/connect.ts";
import {
  findIdentityProvider,
  type IdentityProvider,
  lockIdentityProvider,
} from "../store/identity_providers.ts";
import {
  findProviderSignals,
  type ProviderSignals,
  saveProviderSignals,
} from "../store/provider_signals.ts";
import { BACKCHANNEL_LOGOUT, EVENTS, providerPath } from "../identity_providers/signal_paths.ts";
import { adminEvent } from "./admin_event.ts";
import type { AdminDeps } from "./operation.ts";

export type SignalDeps = Pick<
  AdminDeps,
  "sql" | "clock" | "issuer" | "actor" | "address" | "loginId"
>;

type SignalOperation<Params, Result> = (deps: SignalDeps, params: Params) => Promise<Result>;

/** What an identity provider may report, as operators see it. */
export interface SignalsView {
  provider: string;
  /** To register at the provider. */
  backchannelLogoutUri: string;
  logoutRevokesLogins: boolean;
  /** Where it pushes events. */
  eventsUrl: string;
  /** Whether it has a bearer token, without which it may not. */
  acceptsEvents: boolean;
  eventsIssuer: string;
  /** One of these has to be in each token. */
  eventsAudiences: string[];
  disablesUsers: boolean;
  /** ISO 8601. */
  lastEventAt: string | null;
}

/** What to change; undefined stays, null is removed. */
export interface SignalChanges {
  logoutRevokesLogins?: boolean;
  eventsIssuer?: string | null;
  eventsAudience?: string | null;
  disablesUsers?: boolean;
}

const MAX_LENGTH = 1000;

export const showSignals: SignalOperation<{ provider: string }, SignalsView | DomainError> = async (
  deps,
  { provider },
) => await viewOf(deps.sql, deps, provider);

export const updateSignals: SignalOperation<
  { provider: string; changes: SignalChanges },
  SignalsView | DomainError
> = async (deps, { provider, changes }) => {
  const { eventsIssuer, eventsAudience } = changes;
  if (typeof eventsIssuer === "string" && !isIssuer(eventsIssuer)) {
    return new DomainError(
      "invalid",
      "The issuer must be a URL with https, such as https://acme.okta.com.",
      { field: "eventsIssuer" },
    );
  }
  const isValid = eventsAudience === undefined || eventsAudience === null ||
    (eventsAudience.trim() !== "" && eventsAudience.length <= MAX_LENGTH);
  if (!isValid) {
    return new DomainError("invalid", `The audience must have up to ${MAX_LENGTH} characters.`, {
      field: "eventsAudience",
    });
  }
  const changed = Object.entries(changes).filter(([, value]) => value !== undefined);
  return await changeSignals(
    deps,
    provider,
    (signals) => ({
      ...signals,
      ...Object.fromEntries(changed.map(([name, value]) => [name, value ?? undefined])),
    }),
    { changed: changed.map(([name]) => name).join(" ") },
  );
};

/** Sets the bearer token of pushed events, hashed, in base64; null: no events are accepted. */
export const setEventsToken: SignalOperation<
  { provider: string; tokenHash: string | null },
  SignalsView | DomainError
> = async (deps, { provider, tokenHash }) =>
  await changeSignals(
    deps,
    provider,
    (signals) => ({
      ...signals,
      eventsTokenHash: tokenHash === null ? undefined : Buffer.from(tokenHash, "base64"),
    }),
    { token: tokenHash === null ? "revoked" : "created" },
  );

async function changeSignals(
  deps: SignalDeps,
  provider: string,
  change: (signals: ProviderSignals) => ProviderSignals,
  details: Record<string, string>,
): Promise<SignalsView | DomainError> {
  const { sql, clock } = deps;
  return await sql.begin(async (tx) => {
    if (await lockIdentityProvider(tx, provider) === undefined) return noSuchProvider(provider);
    const stored = await findProviderSignals(tx, provider);
    const signals = change(stored);
    await saveProviderSignals(tx, { ...signals, now: new Date(clock.now()) });
    await recordAuditEvent(
      tx,
      clock,
      adminEvent(deps, {
        event: "upstream.signals_changed",
        subject: provider,
        details: { ...details, ...auditedChanges(auditedSignals(stored), auditedSignals(signals)) },
      }),
    );
    return await viewOf(tx, deps, provider);
  }) as SignalsView | DomainError;
}

/** Without the token. */
function auditedSignals(
  { logoutRevokesLogins, eventsIssuer, eventsAudience, disablesUsers }: ProviderSignals,
) {
  return { logoutRevokesLogins, eventsIssuer, eventsAudience, disablesUsers };
}

async function viewOf(
  sql: Sql | Transaction,
  { issuer }: Pick<SignalDeps, "issuer">,
  name: string,
): Promise<SignalsView | DomainError> {
  const provider = await findIdentityProvider(sql, name);
  if (provider === undefined) return noSuchProvider(name);
  return signalsView(issuer, provider, await findProviderSignals(sql, name));
}

function signalsView(
  issuer: string,
  provider: IdentityProvider,
  signals: ProviderSignals,
): SignalsView {
  const eventsUrl = issuer + providerPath(provider.name, EVENTS);
  return {
    provider: provider.name,
    backchannelLogoutUri: issuer + providerPath(provider.name, BACKCHANNEL_LOGOUT),
    logoutRevokesLogins: signals.logoutRevokesLogins,
    eventsUrl,
    acceptsEvents: signals.eventsTokenHash !== undefined,
    eventsIssuer: signals.eventsIssuer ?? provider.issuer,
    eventsAudiences: signals.eventsAudience === undefined
      ? [eventsUrl, provider.clientId]
      : [signals.eventsAudience],
    disablesUsers: signals.disablesUsers,
    lastEventAt: signals.lastEventAt?.toISOString() ?? null,
  };
}

function isIssuer(text: string): boolean {
  if (text.length > MAX_LENGTH || !URL.canParse(text)) return false;
  const { protocol, hostname, search, hash } = new URL(text);
  const isLoopback = protocol === "http:" && ["127.0.0.1", "localhost"].includes(hostname);
  return (protocol === "https:" || isLoopback) && search === "" && hash === "";
}

function noSuchProvider(name: string): DomainError {
  return new DomainError(
    "not_found",
    `There is no identity provider ${valueText(name)}. Check the name.`,
    { field: "provider" },
  );
}
