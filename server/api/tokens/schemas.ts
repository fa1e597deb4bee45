import * as z from "zod/mini";
import { MAX_OVERLAP_SECONDS } from "../../../shared/tokens/limits.ts";
import { dateTime, described, named, orNull, text, timestamp } from "../schema.ts";

/** An address or a CIDR network without zone, port or brackets, as far as a pattern can say. */
const NETWORK_PATTERN = "^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$";
const MAX_LIFETIME_SECONDS = 100 * 366 * 86_400;

/** The pattern is for clients; `parseNetwork` decides what is an address or a network. */
const networks = () => {
  const network = text(1, 60);
  z.globalRegistry.add(network, { pattern: NETWORK_PATTERN });
  return z.array(network).check(z.maxLength(50));
};

const description = () =>
  described(
    "What the token is for, in one line of at most 300 characters. `null`: no description.",
    z.optional(z.nullable(text(0, 1200))),
  );

const expiresIn = () =>
  described(
    "Lifetime in seconds. `null`: never expires, if the server allows it. Default: set by the server.",
    z.optional(z.nullable(z.int().check(z.minimum(1), z.maximum(MAX_LIFETIME_SECONDS)))),
  );

const resource = () =>
  described(
    "The name or identifier of the resource that accepts the token. Default: the default resource.",
    z.optional(text(1, 200)),
  );

export const newToken = named(
  "NewToken",
  z.strictObject({
    name: described(
      "A name that says what the token is for. No other active token of the owner has it.",
      text(1, 400),
    ),
    description: description(),
    scopes: described("The scopes of the token.", z.array(text(1, 256)).check(z.maxLength(100))),
    resource: resource(),
    expires_in: expiresIn(),
    allowed_addresses: described(
      "IP addresses or CIDR networks from which the token can be used. Default: any address.",
      z.optional(networks()),
    ),
    owner: described(
      "For administrators: the name of the service account that will own the token. Default: you.",
      z.optional(text(1, 254)),
    ),
  }),
);

export const tokenChanges = named(
  "TokenChanges",
  z.strictObject({
    name: described("The new name.", z.optional(text(1, 400))),
    description: description(),
    scopes: described(
      "The scopes that the token keeps. None can be added.",
      z.optional(z.array(text(1, 256)).check(z.maxLength(100))),
    ),
    allowed_addresses: described(
      "IP addresses or CIDR networks from which the token can be used. Empty: any address. To " +
        "allow more addresses than before, the approval must cover the scopes of the token.",
      z.optional(networks()),
    ),
  }),
);

export const rotation = named(
  "Rotation",
  z.strictObject({
    overlap: described(
      "Seconds for which the old token keeps working.",
      z.int().check(z.minimum(0), z.maximum(MAX_OVERLAP_SECONDS)),
    ),
    expires_in: expiresIn(),
  }),
);

export const importedToken = named(
  "ImportedToken",
  z.strictObject({
    token_hash: described(
      "SHA-256 of the token, in lower-case hexadecimal.",
      z.string().check(z.regex(/^[0-9a-f]{64}$/)),
    ),
    name: text(1, 400),
    description: description(),
    scopes: z.array(text(1, 256)).check(z.maxLength(100)),
    resource: resource(),
    owner: described(
      "The e-mail address of a user or the name of a service account.",
      text(1, 254),
    ),
    expires_at: orNull(dateTime("When the token expires. `null`: never.", text(1, 40))),
    allowed_addresses: z.optional(networks()),
  }),
);

export const listQuery = z.object({
  search: described(
    "A part of the name, or the first characters of the token.",
    z.optional(text(0, 100)),
  ),
  cursor: described(
    "`next_cursor` of the previous page.",
    z.optional(z.string().check(z.minLength(1), z.maxLength(200), z.regex(/^[A-Za-z0-9_-]+$/))),
  ),
  limit: described(
    "Tokens per page, from 1 to 100. Default: 50.",
    z.optional(z.int().check(z.minimum(1), z.maximum(100))),
  ),
  created_by: described(
    "`login`: only tokens that were created with the login of the presented token.",
    z.optional(z.enum(["login"])),
  ),
  all: described("For administrators: the tokens of all users.", z.optional(z.boolean())),
});

export const token = named(
  "Token",
  z.strictObject({
    id: z.string(),
    name: z.string(),
    description: orNull(described("What the token is for.", z.string())),
    prefix: described("The first characters of the token.", z.string()),
    scopes: z.array(z.string()),
    resource: orNull(
      described(
        "The identifier of the only resource that accepts it (RFC 8707); `null`: the default one.",
        z.string(),
      ),
    ),
    allowed_addresses: z.array(z.string()),
    created_at: timestamp("When it was created."),
    expires_at: orNull(timestamp("When it expires.")),
    last_used_at: orNull(timestamp("When it was last used, accurate to a few seconds.")),
    last_used_address: orNull(z.string()),
    last_used_agent: orNull(described("The kind of program that last used it.", z.string())),
    revoked_at: orNull(timestamp("When it was revoked.")),
    revoked_reason: orNull(z.string()),
    rotated_from: orNull(described("The id of the token that it replaces.", z.string())),
    login_id: orNull(
      described("The login it was created with: `sid` in the tokens of that login.", z.string()),
    ),
    leak: orNull(z.strictObject({
      at: timestamp("When the leak was reported."),
      reporter: described("`github`, `gitlab` or `public`.", z.string()),
      place: orNull(described("Where it was found, according to the reporter.", z.string())),
    })),
    owner: z.strictObject({
      kind: z.enum(["user", "service_account"]),
      id: z.string(),
      username: z.string(),
    }),
  }),
);

export const createdToken = named(
  "CreatedToken",
  z.extend(token, { token: described("The secret. It is returned only once.", z.string()) }),
);

export const tokenList = named(
  "TokenList",
  z.strictObject({
    tokens: z.array(token),
    next_cursor: orNull(
      described("The `cursor` of the next page; `null` on the last.", z.string()),
    ),
  }),
);
