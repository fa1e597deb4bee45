import type { IdentityProviderView } from "../../admin/identity_providers/view.ts";
import type { QueuedSignInView } from "../../admin/identity_providers/queue_operations.ts";
import type { TestProgress } from "../../admin/identity_providers/test_operations.ts";
import type { ProviderChanges } from "../../admin/identity_providers/settings.ts";
import { DomainError } from "../../domain_error.ts";
import type * as z from "zod/mini";
import type { providerChanges } from "./schemas.ts";

type SettingsBody = Omit<z.output<typeof providerChanges>, "client_id" | "client_secret">;

/** The settings of a body, as the operations have them. */
export function toSettings(body: SettingsBody): ProviderChanges {
  return {
    title: body.title,
    domains: body.domains,
    required: body.required,
    trustsAddresses: body.trusts_addresses,
    firstSignIn: body.first_sign_in,
    groupsClaim: body.groups_claim,
    acrMapping: body.acr_values &&
      Object.fromEntries(body.acr_values.map(({ value, level }) => [value, level])),
    scopes: body.scopes,
    recheck: body.recheck,
  };
}

export function toResponse(provider: IdentityProviderView) {
  return {
    name: provider.name,
    template: provider.template,
    title: provider.title,
    issuer: provider.issuer,
    client_id: provider.clientId,
    redirect_uri: provider.redirectUri,
    domains: provider.domains,
    required: provider.required,
    trusts_addresses: provider.trustsAddresses,
    first_sign_in: provider.firstSignIn,
    groups_claim: provider.groupsClaim,
    acr_values: provider.acrMapping &&
      Object.entries(provider.acrMapping).map(([value, level]) => ({ value, level })),
    scopes: provider.scopes,
    recheck: provider.recheck,
    created_at: provider.createdAt,
    disabled_at: provider.disabledAt,
    managed_by: provider.managedBy,
    identities: provider.identities,
    queued: provider.queued,
  };
}

export function toProviderResponse(result: IdentityProviderView | DomainError) {
  const provider = toFailure(result);
  return provider instanceof DomainError ? provider : toResponse(provider);
}

export function toQueuedSignIn(queued: QueuedSignInView) {
  return {
    id: queued.id,
    provider: queued.provider,
    email: queued.email,
    name: queued.name,
    username: queued.username,
    issuer: queued.issuer,
    subject: queued.subject,
    created_at: queued.createdAt,
    last_attempt_at: queued.lastAttemptAt,
    denied_at: queued.deniedAt,
  };
}

export function toTestProgress({ state, report }: TestProgress) {
  return {
    state,
    report: report && {
      ...report,
      account: report.account && {
        issuer: report.account.issuer,
        subject: report.account.subject,
        email: report.account.email,
        email_verified: report.account.emailVerified,
        name: report.account.name,
      },
      groups: report.groups && {
        sent: report.groups.sent,
        counted: report.groups.counted,
        is_missing: report.groups.isMissing,
      },
    },
  };
}

/** A failure as clients of the API can act on it: not with a command. */
export function toFailure<Result>(result: Result | DomainError): Result | DomainError {
  if (!(result instanceof DomainError)) return result;
  if (result.reason === "last_administrator") {
    return new DomainError(
      "conflict",
      "After this, no administrator could sign in. First give one a password or a passkey.",
      { reason: result.reason },
    );
  }
  return result.code !== "not_found" ? result : new DomainError(
    "not_found",
    "There is no identity provider with this name, or no request that waits.",
  );
}
