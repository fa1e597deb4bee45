import type { ConcurrentIndex } from "./concurrent_indexes.ts";
import type { Transaction } from "./connect.ts";
import type { MigrationOptions } from "./migration_conflict.ts";
import initial from "./migrations/0001_initial.sql" with { type: "text" };
import federation from "./migrations/0002_federation.sql" with { type: "text" };
import personalAccessTokens from "./migrations/0003_personal_access_tokens.sql" with {
  type: "text",
};
import leakedTokens from "./migrations/0004_leaked_tokens.sql" with { type: "text" };
import management from "./migrations/0005_management.sql" with { type: "text" };
import normalizedNames from "./migrations/0006_normalized_names.sql" with { type: "text" };
import { fillNameKeys } from "./migrations/0006_normalized_names.ts";
import repeatedAssertions from "./migrations/0007_repeated_assertions.sql" with { type: "text" };
import emailVerifiedAndPollTicks from "./migrations/0008_email_verified_and_poll_ticks.sql" with {
  type: "text",
};
import disabledTrustRules from "./migrations/0009_disabled_trust_rules.sql" with { type: "text" };
import namesOfLogins from "./migrations/0010_names_of_logins.sql" with { type: "text" };
import passwordLinks from "./migrations/0011_password_links.sql" with { type: "text" };
import tokenDescriptions from "./migrations/0012_token_descriptions.sql" with { type: "text" };
import clientPolicies from "./migrations/0013_client_policies.sql" with { type: "text" };
import resources from "./migrations/0014_resources.sql" with { type: "text" };
import authorizationCodes from "./migrations/0015_authorization_codes.sql" with { type: "text" };
import delegatedTokens from "./migrations/0016_delegated_tokens.sql" with { type: "text" };
import deviceFlowRules from "./migrations/0017_device_flow_rules.sql" with { type: "text" };
import stepUp from "./migrations/0018_step_up.sql" with { type: "text" };
import clientDocuments from "./migrations/0019_client_documents.sql" with { type: "text" };
import signIn from "./migrations/0020_sign_in.sql" with { type: "text" };
import groups from "./migrations/0021_groups.sql" with { type: "text" };
import identityProviders from "./migrations/0022_identity_providers.sql" with { type: "text" };
import passkeys from "./migrations/0023_passkeys.sql" with { type: "text" };
import directories from "./migrations/0024_directories.sql" with { type: "text" };
import leaving from "./migrations/0025_leaving.sql" with { type: "text" };
import imports from "./migrations/0026_imports.sql" with { type: "text" };
import people from "./migrations/0027_people.sql" with { type: "text" };
import trustRequests from "./migrations/0028_trust_requests.sql" with { type: "text" };
import audit from "./migrations/0029_audit.sql" with { type: "text" };
import telemetry from "./migrations/0030_telemetry.sql" with { type: "text" };
import replicas from "./migrations/0031_replicas.sql" with { type: "text" };
import restores from "./migrations/0033_restores.sql" with { type: "text" };
import keys from "./migrations/0034_keys.sql" with { type: "text" };
import apply from "./migrations/0035_apply.sql" with { type: "text" };
import auditStreams from "./migrations/0037_audit_streams.sql" with { type: "text" };
import doctor from "./migrations/0038_doctor.sql" with { type: "text" };
import { scaleIndexes } from "./migrations/0039_scale.ts";
import plans from "./migrations/0041_plans.sql" with { type: "text" };
import { planIndexes } from "./migrations/0041_plans.ts";
import scale from "./migrations/0042_scale.sql" with { type: "text" };
import { tokenSearchIndexes } from "./migrations/0042_scale.ts";
import erasures from "./migrations/0045_erasures.sql" with { type: "text" };
import { sessionIndexes } from "./migrations/0048_sessions.ts";
import searchGrams from "./migrations/0049_search_grams.sql" with { type: "text" };

export interface Migration {
  name: string;
  sql: string;
  /** What SQL cannot do, run after it in the same transaction. */
  run?(tx: Transaction, options: MigrationOptions): Promise<void>;
  /** Instead of `sql`: indexes that are built while the server serves. Nothing may rely on them. */
  indexes?: readonly ConcurrentIndex[];
  /**
   * For a migration that removes something: the one since which the program does not use it.
   * Versions that do not know that one refuse to start. Without this, all versions go on.
   */
  needs?: string;
}

/** Every migration in order. Names are recorded; a file that has been released is never edited. */
export const migrations: readonly Migration[] = [
  { name: "0001_initial", sql: initial },
  { name: "0002_federation", sql: federation },
  { name: "0003_personal_access_tokens", sql: personalAccessTokens },
  { name: "0004_leaked_tokens", sql: leakedTokens },
  { name: "0005_management", sql: management },
  { name: "0006_normalized_names", sql: normalizedNames, run: fillNameKeys },
  { name: "0007_repeated_assertions", sql: repeatedAssertions },
  { name: "0008_email_verified_and_poll_ticks", sql: emailVerifiedAndPollTicks },
  { name: "0009_disabled_trust_rules", sql: disabledTrustRules },
  { name: "0010_names_of_logins", sql: namesOfLogins },
  { name: "0011_password_links", sql: passwordLinks },
  { name: "0012_token_descriptions", sql: tokenDescriptions },
  { name: "0013_client_policies", sql: clientPolicies },
  { name: "0014_resources", sql: resources },
  { name: "0015_authorization_codes", sql: authorizationCodes },
  { name: "0016_delegated_tokens", sql: delegatedTokens },
  { name: "0017_device_flow_rules", sql: deviceFlowRules },
  { name: "0018_step_up", sql: stepUp },
  { name: "0019_client_documents", sql: clientDocuments },
  { name: "0020_sign_in", sql: signIn },
  { name: "0021_groups", sql: groups },
  { name: "0022_identity_providers", sql: identityProviders },
  { name: "0023_passkeys", sql: passkeys },
  { name: "0024_directories", sql: directories },
  { name: "0025_leaving", sql: leaving },
  { name: "0026_imports", sql: imports },
  { name: "0027_people", sql: people },
  { name: "0028_trust_requests", sql: trustRequests },
  { name: "0029_audit", sql: audit },
  { name: "0030_telemetry", sql: telemetry },
  { name: "0031_replicas", sql: replicas },
  { name: "0033_restores", sql: restores },
  { name: "0034_keys", sql: keys },
  { name: "0035_apply", sql: apply },
  { name: "0037_audit_streams", sql: auditStreams },
  { name: "0038_doctor", sql: doctor },
  { name: "0039_scale", sql: "", indexes: scaleIndexes },
  { name: "0041_plans", sql: plans },
  { name: "0041_plans_indexes", sql: "", indexes: planIndexes },
  { name: "0042_scale", sql: scale },
  { name: "0042_scale_indexes", sql: "", indexes: tokenSearchIndexes },
  { name: "0045_erasures", sql: erasures },
  { name: "0048_sessions", sql: "", indexes: sessionIndexes },
  { name: "0049_search_grams", sql: searchGrams },
];
