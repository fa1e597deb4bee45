import * as z from "zod/mini";
import { MAX_OVERLAP_SECONDS } from "../../../shared/tokens/limits.ts";
import { DEVICE_FLOW_RULES } from "../../scopes.ts";
import { CLIENT_GRANTS, CONSENT_POLICIES } from "../../store/clients.ts";
import { described, named, orNull, text, timestamp } from "../schema.ts";

/** Of `{id}` in paths. */
export const CLIENT_ID_SCHEMA = { type: "string", pattern: "^[a-z0-9][a-z0-9._-]{1,63}$" };

const MAX_LIFETIME_SECONDS = 3650 * 86_400;

const grants = () =>
  described(
    "How it may get tokens. A confidential client without a grant can introspect and revoke tokens.",
    z.array(z.enum(CLIENT_GRANTS)).check(z.maxLength(10)),
  );

const redirectUris = () =>
  described(
    "Where the browser returns to after a login: https URIs, or `loopback` for a program on the " +
      "user's machine. Required for the grant `code`.",
    z.array(text(1, 600)).check(z.maxLength(50)),
  );

const consent = () =>
  described(
    "Whether users are asked at each login in the browser, or once.",
    z.enum(CONSENT_POLICIES),
  );

const scopes = () =>
  described(
    "The scopes that it may request. `null`: all that the server has for it.",
    z.nullable(z.array(text(1, 256)).check(z.maxLength(200))),
  );

const resources = () =>
  described(
    "The names of the resources that its logins may get tokens for, and whose tokens it may " +
      "introspect. `null`: all for logins, and only the default one for introspection.",
    z.nullable(z.array(text(1, 256)).check(z.maxLength(200))),
  );

const deviceFlow = () =>
  described(
    "What its new logins by device code need: `same-network`, that the terminal and the browser " +
      "that approves have the same IP address; `fresh-sign-in`, a recent sign-in; `off`: none.",
    z.array(z.enum(DEVICE_FLOW_RULES)).check(z.maxLength(10)),
  );

const lifetime = (of: string) =>
  described(
    `${of}, in seconds. \`null\`: as configured for the server.`,
    z.nullable(z.int().check(z.minimum(1), z.maximum(MAX_LIFETIME_SECONDS))),
  );

const homepage = () =>
  described("An https URL where users find out more about it.", z.nullable(text(1, 1000)));

const name = () => described("The name that users see when they approve a login.", text(1, 400));

const policy = {
  homepage: z.optional(homepage()),
  grants: z.optional(grants()),
  redirect_uris: z.optional(redirectUris()),
  consent: z.optional(consent()),
  scopes: z.optional(scopes()),
  resources: z.optional(resources()),
  device_flow: z.optional(deviceFlow()),
  access_token_lifetime: z.optional(lifetime("Lifetime of its access tokens")),
  refresh_token_idle_lifetime: z.optional(
    lifetime("Its logins expire after this time without use"),
  ),
  refresh_token_absolute_lifetime: z.optional(
    lifetime("Its new logins expire after this time, used or not"),
  ),
};

export const newClient = named(
  "NewClient",
  z.strictObject({
    name: name(),
    id: described(
      "2 to 64 lowercase letters, digits and the characters `.`, `_` and `-`. Default: a random one.",
      z.optional(text(1, 100)),
    ),
    type: described(
      "`public`: a program on users' machines, which cannot keep a secret. `confidential`: a " +
        "service, which gets a secret.",
      z.enum(["public", "confidential"]),
    ),
    ...policy,
  }),
);

export const clientChanges = named(
  "ClientChanges",
  z.strictObject({ name: z.optional(name()), ...policy }),
);

export const secretRotation = named(
  "ClientSecretRotation",
  z.strictObject({
    overlap: described(
      "Seconds for which the previous secret keeps working.",
      z.int().check(z.minimum(0), z.maximum(MAX_OVERLAP_SECONDS)),
    ),
  }),
);

export const client = named(
  "Client",
  z.strictObject({
    id: described("The `client_id`.", z.string()),
    name: z.string(),
    type: z.enum(["public", "confidential"]),
    built_in: described("Whether it is the command line of this server.", z.boolean()),
    homepage: orNull(z.string()),
    grants: z.array(z.enum(CLIENT_GRANTS)),
    redirect_uris: z.array(z.string()),
    consent: z.enum(CONSENT_POLICIES),
    scopes: orNull(z.array(z.string())),
    resources: orNull(z.array(z.string())),
    device_flow: z.array(z.enum(DEVICE_FLOW_RULES)),
    access_token_lifetime: orNull(z.int()),
    refresh_token_idle_lifetime: orNull(z.int()),
    refresh_token_absolute_lifetime: orNull(z.int()),
    previous_secret_expires_at: orNull(
      timestamp("Until when the secret before the last rotation is accepted."),
    ),
    created_at: orNull(
      timestamp("When it was added. `null`: the built-in command line, if it was never changed."),
    ),
    disabled_at: orNull(timestamp("When it was disabled.")),
    managed_by: orNull(
      described("The file that manages it: it cannot be changed here.", z.string()),
    ),
  }),
);

export const createdClient = named(
  "CreatedClient",
  z.extend(client, {
    client_secret: orNull(
      described(
        "The secret of a confidential client. It is returned only once.",
        z.string(),
      ),
    ),
  }),
);

export const removedClient = named(
  "RemovedClient",
  z.strictObject({ logins_revoked: described("How many logins it had.", z.int()) }),
);

export const clientListQuery = z.object({
  search: described("A part of the name or the id.", z.optional(text(0, 100))),
  type: z.optional(z.enum(["public", "confidential"])),
  disabled: described(
    "`true`: only disabled clients. `false`: only enabled ones.",
    z.optional(z.boolean()),
  ),
  cursor: described(
    "`next_cursor` of the previous page.",
    z.optional(z.string().check(z.minLength(1), z.maxLength(200), z.regex(/^[A-Za-z0-9_-]+$/))),
  ),
  limit: described(
    "Clients per page, from 1 to 100. Default: 50.",
    z.optional(z.int().check(z.minimum(1), z.maximum(100))),
  ),
});

export const clientList = named(
  "ClientList",
  z.strictObject({
    clients: z.array(client),
    next_cursor: orNull(
      described("The `cursor` of the next page; `null` on the last.", z.string()),
    ),
  }),
);
