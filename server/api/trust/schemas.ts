import * as z from "zod/mini";
import { type ProviderName, providers } from "../../federation/providers.ts";
import { described, named, orNull, text, timestamp } from "../schema.ts";

/** Of `{id}` in the paths of pending requests. */
export const REQUEST_ID_SCHEMA = { type: "string", pattern: "^[0-9]{1,15}$" };

const PROVIDERS = providers.map(({ name }) => name) as [ProviderName, ...ProviderName[]];

const condition = named(
  "TrustCondition",
  z.strictObject({
    claim: described("A path with dots for a claim within an object.", text(1, 200)),
    operator: described(
      "`glob`: `*` matches anything but `/`, `**` anything.",
      z.enum(["equals", "glob"]),
    ),
    values: described(
      "One of these is enough.",
      z.array(text(1, 500)).check(z.minLength(1), z.maxLength(50)),
    ),
    label: z.optional(described(
      "The name of what a number stands for. It decides nothing.",
      z.nullable(text(1, 200)),
    )),
  }),
);

const conditions = () =>
  described(
    "Conditions on the claims of the identity token. All must be met.",
    z.array(condition).check(z.maxLength(50)),
  );
const issuer = () => described("The `iss` of the tokens.", text(1, 500));
const audience = () =>
  described("The required `aud` of the tokens. Default: the issuer of this server.", text(1, 500));
const scopes = () =>
  described("The scopes to grant.", z.array(text(1, 256)).check(z.minLength(1), z.maxLength(200)));
const lifetime = () =>
  described(
    "Maximum lifetime of access tokens, in seconds. Default: 600.",
    z.int().check(z.minimum(1), z.maximum(86_400)),
  );
const force = () =>
  described("Whether to do it even if the rule would trust workloads of others.", z.boolean());
const serviceAccount = () =>
  described(
    "The name of the service account to act as. Default: a new one with the name of the rule.",
    text(1, 100),
  );
const userAddress = () => described("The address of a user to act as instead.", text(1, 254));
const ruleName = () =>
  described(
    "Up to 100 letters, digits and the characters `.`, `_`, `:`, `/` and `-`.",
    text(1, 100),
  );

export const newRule = named(
  "NewTrustRule",
  z.strictObject({
    name: ruleName(),
    provider: described("Who issues the tokens.", z.enum(PROVIDERS)),
    issuer: issuer(),
    audience: z.optional(audience()),
    conditions: conditions(),
    scopes: scopes(),
    lifetime: z.optional(lifetime()),
    service_account: z.optional(serviceAccount()),
    user: z.optional(userAddress()),
    expires_at: z.optional(
      described("When the rule expires, as RFC 3339 writes it.", text(1, 40)),
    ),
    force: z.optional(force()),
  }),
);

export const ruleChanges = named(
  "TrustRuleChanges",
  z.strictObject({
    issuer: z.optional(issuer()),
    audience: z.optional(audience()),
    conditions: z.optional(conditions()),
    scopes: z.optional(scopes()),
    lifetime: z.optional(lifetime()),
    expires_at: z.optional(
      described("When the rule expires. `null`: never.", z.nullable(text(1, 40))),
    ),
    extend_account: z.optional(described(
      "Whether a service account that was created with the rule also gets scopes that it does not have yet.",
      z.boolean(),
    )),
    force: z.optional(force()),
  }),
);

const shownCondition = named(
  "ShownTrustCondition",
  z.strictObject({
    claim: z.string(),
    operator: z.enum(["equals", "glob"]),
    values: z.array(z.string()),
    label: orNull(z.string()),
  }),
);

export const rule = named(
  "TrustRule",
  z.strictObject({
    id: z.string(),
    name: z.string(),
    provider: z.enum(PROVIDERS),
    issuer: z.string(),
    audience: z.string(),
    conditions: z.array(shownCondition),
    scopes: z.array(z.string()),
    lifetime: described("Maximum lifetime of access tokens, in seconds.", z.int()),
    acts_as: described("The user or service account.", z.string()),
    created_at: timestamp("When it was added."),
    expires_at: orNull(timestamp("When it expires. `null`: never.")),
    disabled_at: orNull(timestamp("When it was disabled.")),
    managed_by: orNull(
      described("The file that manages it: it cannot be changed here.", z.string()),
    ),
  }),
);

export const ruleList = named(
  "TrustRuleList",
  z.strictObject({ trust_rules: z.array(rule) }),
);

export const trustRequest = named(
  "TrustRequest",
  z.strictObject({
    id: z.int(),
    provider: z.enum(PROVIDERS),
    issuer: z.string(),
    audience: z.string(),
    claims: described(
      "Of the token that was seen last: those that rules can name.",
      z.record(z.string(), z.unknown()),
    ),
    scopes: described("That it requested last.", z.array(z.string())),
    address: described("From where it was seen last.", z.string()),
    count: described("How often it was rejected.", z.int()),
    first_seen_at: timestamp("When it was rejected first."),
    last_seen_at: timestamp("When it was rejected last."),
    rule: described(
      "The narrowest rule that would trust it, which an approval adds.",
      z.strictObject({
        name: z.string(),
        conditions: z.array(shownCondition),
        workloads: described("A description.", z.string()),
        risks: described("Why it cannot be approved; empty if it can.", z.array(z.string())),
      }),
    ),
  }),
);

export const requestList = named(
  "TrustRequestList",
  z.strictObject({ trust_requests: z.array(trustRequest) }),
);

export const approval = named(
  "TrustApproval",
  z.strictObject({
    conditions: described(
      "Those of the rule of the request, as they were shown: the request is rejected if they differ.",
      z.array(condition).check(z.maxLength(50)),
    ),
    scopes: scopes(),
    name: z.optional(ruleName()),
    service_account: z.optional(serviceAccount()),
    user: z.optional(userAddress()),
  }),
);
