import * as z from "zod/mini";
import { SIGNING_ALGORITHMS } from "../../config/settings/tokens.ts";
import { RESOURCE_CLAIMS } from "../../resources/resource.ts";
import { DEVICE_FLOW_RULES, FACTORS } from "../../scopes.ts";
import { described, named, orNull, text, timestamp } from "../schema.ts";

/** Of `{id}` in paths: the name. */
export const RESOURCE_NAME_SCHEMA = { type: "string", pattern: "^[a-z0-9][a-z0-9_-]{0,63}$" };

const MAX_LIFETIME_SECONDS = 86_400;

const newScope = named(
  "NewResourceScope",
  z.strictObject({
    name: text(1, 256),
    description: described("What it permits, as the approval page shows it.", text(1, 1000)),
    roles: described(
      "Who can have it. Default: all users.",
      z.optional(z.nullable(z.array(z.enum(["admin", "user"])).check(z.maxLength(2)))),
    ),
    groups: described(
      "The groups whose members can have it, besides `roles`. Default: those of `roles`.",
      z.optional(z.nullable(z.array(text(1, 64)).check(z.maxLength(50)))),
    ),
    clients: described(
      "The ids of the clients that may request it. Default: all.",
      z.optional(z.nullable(z.array(text(1, 100)).check(z.maxLength(100)))),
    ),
    tokens: described(
      "Whether personal access tokens can have it. Default: `true`.",
      z.optional(z.boolean()),
    ),
    device_flow: described(
      "What logins by device code need to get it.",
      z.optional(z.array(z.enum(DEVICE_FLOW_RULES)).check(z.maxLength(10))),
    ),
    factor: described(
      "What the sign-in of the user who approves it must be at least. Default: anything.",
      z.optional(z.nullable(z.enum(FACTORS))),
    ),
  }),
);

const scopes = () => z.array(newScope).check(z.maxLength(100));
const claims = () =>
  described(
    "Claims that its access tokens have as well.",
    z.array(z.enum(RESOURCE_CLAIMS)).check(z.maxLength(10)),
  );
const title = () =>
  described("How users know it, as the approval page shows it.", z.nullable(text(1, 400)));
const lifetime = () =>
  described(
    "Lifetime of its access tokens, in seconds. `null`: as configured for the server.",
    z.nullable(z.int().check(z.minimum(1), z.maximum(MAX_LIFETIME_SECONDS))),
  );
const algorithm = () =>
  described(
    "How its access tokens are signed. `null`: as configured for the server.",
    z.nullable(z.enum(SIGNING_ALGORITHMS)),
  );

const settings = {
  title: z.optional(title()),
  access_token_lifetime: z.optional(lifetime()),
  signing_algorithm: z.optional(algorithm()),
  claims: z.optional(claims()),
};

export const newResource = named(
  "NewResource",
  z.strictObject({
    name: described(
      "Up to 64 lowercase letters, digits and the characters `_` and `-`.",
      text(1, 100),
    ),
    identifier: described("The https URL of the API: the `aud` of its tokens.", text(1, 1000)),
    scopes: z.optional(scopes()),
    ...settings,
  }),
);

export const resourceChanges = named(
  "ResourceChanges",
  z.strictObject({
    identifier: described(
      "Cannot be changed: a request with another one is rejected.",
      z.optional(text(1, 1000)),
    ),
    scopes: described("All scopes that it then has.", z.optional(scopes())),
    ...settings,
  }),
);

export const resource = named(
  "Resource",
  z.strictObject({
    name: z.string(),
    identifier: described("The `aud` of its tokens.", z.string()),
    title: orNull(z.string()),
    source: described(
      "Only those of the database can be changed and removed here.",
      z.enum(["built-in", "config-file", "database"]),
    ),
    scopes: z.array(z.strictObject({
      name: z.string(),
      description: z.string(),
      roles: orNull(z.array(z.string())),
      groups: orNull(z.array(z.string())),
      clients: orNull(z.array(z.string())),
      tokens: z.boolean(),
      device_flow: z.array(z.string()),
      factor: orNull(z.string()),
    })),
    access_token_lifetime: orNull(z.int()),
    signing_algorithm: orNull(z.string()),
    claims: z.array(z.string()),
    created_at: orNull(timestamp("When it was added to the database.")),
    managed_by: orNull(
      described("The file that manages it: it cannot be changed here.", z.string()),
    ),
  }),
);

export const resourceList = named(
  "ResourceList",
  z.strictObject({ resources: z.array(resource) }),
);

export const removedResource = named(
  "RemovedResource",
  z.strictObject({
    logins: described("Active logins that can no longer get tokens for it.", z.int()),
    tokens: described("Personal access tokens for it, which are revoked.", z.int()),
    clients: described("Clients that were limited to it and others.", z.int()),
  }),
);
