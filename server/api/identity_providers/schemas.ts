import * as z from "zod/mini";
import { TEMPLATE_NAMES } from "../../identity_providers/templates.ts";
import { FIRST_SIGN_IN_POLICIES } from "../../store/identity_providers.ts";
import { described, named, orNull, text, timestamp } from "../schema.ts";

/** Of `{id}` in paths: the name. */
export const PROVIDER_NAME_SCHEMA = { type: "string", pattern: "^[a-z0-9][a-z0-9_-]{0,31}$" };

const MAX_DOMAINS = 100;
const MAX_VALUES = 20;

const acrValue = z.strictObject({
  value: described("What the provider sends as `acr` or in `amr`.", text(1, 200)),
  level: described("What it counts as.", z.enum(["2fa", "phr"])),
});

const settings = {
  title: described(
    "On the button of the sign-in page. `null`: that of the template.",
    z.optional(z.nullable(text(1, 400))),
  ),
  domains: described(
    "Mail domains whose users may sign in, and for whose addresses it is trusted. Empty: any, and " +
      "trusted for none.",
    z.optional(z.array(text(1, 260)).check(z.maxLength(MAX_DOMAINS))),
  ),
  required: described(
    "Whether users of these domains sign in with it and not with a password.",
    z.optional(z.boolean()),
  ),
  trusts_addresses: described(
    "Whether every address that it sends counts as verified.",
    z.optional(z.boolean()),
  ),
  first_sign_in: described(
    "What happens to accounts without a user. Default: `allow`, or `queue` if anyone can get one.",
    z.optional(z.enum(FIRST_SIGN_IN_POLICIES)),
  ),
  groups_claim: described(
    "The claim with the groups of users.",
    z.optional(z.nullable(text(1, 200))),
  ),
  acr_values: described(
    "Values of `acr` and `amr` that count, besides the usual ones such as `mfa`. `null`: none count.",
    z.optional(z.nullable(z.array(acrValue).check(z.maxLength(MAX_VALUES)))),
  ),
  scopes: described(
    "Scopes to request besides those of the template.",
    z.optional(z.array(text(1, 200)).check(z.maxLength(MAX_VALUES))),
  ),
  recheck: described(
    "Whether refresh tokens are kept, to check later that accounts still exist.",
    z.optional(z.boolean()),
  ),
};

const clientSecret = () =>
  described("Stored encrypted if the server has a secret key; never returned.", text(1, 2000));

export const newProvider = named(
  "NewIdentityProvider",
  z.strictObject({
    template: z.enum(TEMPLATE_NAMES),
    name: described("Part of the redirect URI. Default: the template.", z.optional(text(1, 100))),
    issuer: described("Default: that of the template.", z.optional(text(1, 1000))),
    client_id: text(1, 200),
    client_secret: clientSecret(),
    disabled: z.optional(z.boolean()),
    ...settings,
  }),
);

export const providerChanges = named(
  "IdentityProviderChanges",
  z.strictObject({
    client_id: z.optional(text(1, 200)),
    client_secret: z.optional(clientSecret()),
    ...settings,
  }),
);

export const provider = named(
  "IdentityProvider",
  z.strictObject({
    name: z.string(),
    template: z.string(),
    title: z.string(),
    issuer: z.string(),
    client_id: z.string(),
    redirect_uri: described("To register at the provider.", z.string()),
    domains: z.array(z.string()),
    required: z.boolean(),
    trusts_addresses: z.boolean(),
    first_sign_in: z.enum(FIRST_SIGN_IN_POLICIES),
    groups_claim: orNull(z.string()),
    acr_values: orNull(z.array(acrValue)),
    scopes: z.array(z.string()),
    recheck: z.boolean(),
    created_at: timestamp("When it was added."),
    disabled_at: orNull(timestamp("When it was disabled.")),
    managed_by: orNull(
      described("The file that manages it: it cannot be changed here.", z.string()),
    ),
    identities: described("Accounts that are linked.", z.int()),
    queued: described("First sign-ins that wait for an administrator.", z.int()),
  }),
);

export const providerList = named(
  "IdentityProviderList",
  z.strictObject({ identity_providers: z.array(provider) }),
);

export const removedProvider = named(
  "RemovedIdentityProvider",
  z.strictObject({
    identities: described("Accounts that were linked.", z.int()),
    users_without_sign_in: described("Users who have no other way to sign in.", z.int()),
  }),
);

export const startedTest = named(
  "IdentityProviderTest",
  z.strictObject({
    id: z.string(),
    url: described("Works once, in any browser. It signs no one in.", z.string()),
    expires_at: timestamp("Until when the link can be used."),
  }),
);

export const testProgress = named(
  "IdentityProviderTestResult",
  z.strictObject({
    state: z.enum(["waiting", "started", "expired", "finished"]),
    report: described(
      "What the provider sent and what would happen at a sign-in; null until it is finished.",
      orNull(z.strictObject({
        provider: z.string(),
        outcome: described(
          "`failed`: the provider sent no account.",
          z.enum(["known", "link", "create", "queue", "refuse", "failed"]),
        ),
        error: described("With `refuse` and `failed`.", orNull(z.string())),
        summary: z.string(),
        user: orNull(z.strictObject({ id: z.string(), email: z.string() })),
        account: orNull(z.strictObject({
          issuer: z.string(),
          subject: z.string(),
          email: orNull(z.string()),
          email_verified: z.boolean(),
          name: orNull(z.string()),
        })),
        groups: orNull(z.strictObject({
          sent: z.array(z.string()),
          counted: z.array(z.string()),
          is_missing: z.boolean(),
        })),
        acr: orNull(z.string()),
        amr: z.array(z.string()),
        notes: z.array(z.string()),
        claims: described("Each as JSON, shortened.", z.record(z.string(), z.string())),
      })),
    ),
  }),
);

export const queuedSignIn = named(
  "QueuedSignIn",
  z.strictObject({
    id: z.string(),
    provider: z.string(),
    email: z.string(),
    name: z.string(),
    username: orNull(z.string()),
    issuer: z.string(),
    subject: z.string(),
    created_at: timestamp("When the account signed in first."),
    last_attempt_at: timestamp("When it signed in last."),
    denied_at: orNull(timestamp("When an administrator denied it.")),
  }),
);

export const queueQuery = z.strictObject({
  denied: described("`true`: also those that were denied.", z.optional(z.enum(["true", "false"]))),
});

export const queue = named("SignInQueue", z.strictObject({ requests: z.array(queuedSignIn) }));

export const approvedSignIn = named(
  "ApprovedSignIn",
  z.strictObject({ user_id: z.string(), email: z.string(), provider: z.string() }),
);
