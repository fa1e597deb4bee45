import { isRoleGroup, normalizeExternalName } from "../access/group_names.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import type { Sql } from "../store/db/connect.ts";
import { listGroups } from "../store/groups.ts";
import type { IdentityProvider } from "../store/identity_providers.ts";
import type { UpstreamAccount } from "./account.ts";
import { type Admission, decideAdmission } from "./decide_admission.ts";
import { UpstreamFailure } from "./failure.ts";
import { templateOf } from "./templates.ts";
import { upstreamAuthentication } from "./upstream_authentication.ts";

/** What a round trip to a provider has shown. JSON: it is stored and printed. */
export interface TestReport {
  provider: string;
  /** What would happen to a sign-in. `failed`: the provider sent no account. */
  outcome: Admission["outcome"] | "failed";
  /** The code of the failure, with `refuse` and `failed`. */
  error: string | null;
  /** What would happen, as a sentence. */
  summary: string;
  /** The user who would sign in. */
  user: { id: string; email: string } | null;
  account: {
    issuer: string;
    subject: string;
    email: string | null;
    emailVerified: boolean;
    name: string | null;
  } | null;
  /** Null: the provider is not asked for groups. */
  groups: { sent: string[]; counted: string[]; isMissing: boolean } | null;
  /** What the sign-in would count as. */
  acr: string | null;
  amr: string[];
  /** What may surprise later, as sentences. */
  notes: string[];
  /** Each as JSON, shortened. */
  claims: Record<string, string>;
}

const MAX_CLAIMS = 60;
const MAX_CLAIM_LENGTH = 300;
const MAX_GROUPS_SHOWN = 50;

/** Reports on the response of a provider, and changes nothing. */
export async function reportTest(
  sql: Sql,
  provider: IdentityProvider,
  result: UpstreamAccount | UpstreamFailure,
): Promise<TestReport> {
  if (result instanceof UpstreamFailure) {
    return {
      provider: provider.name,
      outcome: "failed",
      error: result.code,
      summary: `No one can sign in: ${result.reason}`,
      user: null,
      account: null,
      groups: null,
      acr: null,
      amr: [],
      notes: [],
      claims: {},
    };
  }
  const admission = await decideAdmission(sql, provider, result);
  const user = "user" in admission ? admission.user : undefined;
  const { acr, amr } = upstreamAuthentication(provider, result);
  return {
    provider: provider.name,
    outcome: admission.outcome,
    error: admission.outcome === "refuse" ? admission.failure.code : null,
    summary: summarize(admission),
    user: user === undefined ? null : { id: user.id, email: user.email },
    account: {
      issuer: result.issuer,
      subject: result.subject,
      email: result.email ?? null,
      emailVerified: result.emailVerified,
      name: result.name ?? null,
    },
    groups: await reportGroups(sql, provider, result),
    acr,
    amr: [...amr],
    notes: notesOn(provider, result),
    claims: Object.fromEntries(
      Object.entries(result.claims).slice(0, MAX_CLAIMS).map(([name, value]) => [
        sanitizeLine(name, 100),
        sanitizeLine(JSON.stringify(value) ?? "", MAX_CLAIM_LENGTH),
      ]),
    ),
  };
}

function summarize(admission: Admission): string {
  switch (admission.outcome) {
    case "known":
      return `The account is linked to ${admission.user.email}, who would sign in.`;
    case "link":
      return `The account would be linked to ${admission.user.email}, who would sign in.`;
    case "create":
      return `A user with the address ${admission.email} would be created and sign in.`;
    case "queue":
      return `The first sign-in of ${admission.email} would wait for an administrator.`;
    case "refuse":
      return `The sign-in would be refused. ${admission.failure.reason}`;
  }
}

/** As effective_groups of the database counts them. */
async function reportGroups(
  sql: Sql,
  provider: IdentityProvider,
  { groups }: UpstreamAccount,
): Promise<TestReport["groups"]> {
  if (groups === undefined) return null;
  const sent = [...new Set(groups.names.map(normalizeExternalName))]
    .filter((name) => name !== undefined);
  const known = await listGroups(sql);
  const counted = sent.flatMap((name) => [
    ...known.filter(({ sources }) => sources?.includes(`${provider.name}:${name}`))
      .map((group) => group.name),
    ...!isRoleGroup(name) &&
        known.every((group) => group.name !== name || group.sources === undefined)
      ? [name]
      : [],
  ]);
  return {
    sent: sent.slice(0, MAX_GROUPS_SHOWN),
    counted: [...new Set(counted)].slice(0, MAX_GROUPS_SHOWN),
    isMissing: groups.isMissing,
  };
}

function notesOn(provider: IdentityProvider, account: UpstreamAccount): string[] {
  const { groups, authenticatedAt, acr, amr, refreshToken, claims } = account;
  const hasOverage = "_claim_names" in claims || "hasgroups" in claims;
  return [
    ...groups?.isMissing
      ? [
        hasOverage
          ? "The user is in too many groups, so the provider left them out. Assign groups to the " +
            "application, and let it send only those."
          : `There is no claim ${provider.groupsClaim}: users would be in no groups of ` +
            `${provider.name}.`,
      ]
      : [],
    ...authenticatedAt === undefined && templateOf(provider).confirmsFreshness
      ? [
        "There is no auth_time, so a sign-in never counts as recent: users need a passkey or a " +
        "password to change their sign-in methods, and with device_fresh_sign_in for approvals.",
      ]
      : [],
    ...provider.acrMapping === undefined && (acr !== undefined || amr.length > 0)
      ? ["Its acr and amr count as nothing. To trust them, use --trust-acr."]
      : [],
    ...provider.recheck && refreshToken === undefined
      ? ["There is no refresh token, so it cannot be checked later whether accounts still exist."]
      : [],
  ];
}
