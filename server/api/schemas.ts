/** What travels over the REST interface. These validate requests and describe themselves in OpenAPI. */
import * as z from "zod/mini";
import { MAX_OVERLAP_SECONDS } from "../../shared/tokens/limits.ts";

function described<Schema extends z.ZodMiniType>(description: string, schema: Schema): Schema {
  z.globalRegistry.add(schema, { description });
  return schema;
}

function named<Schema extends z.ZodMiniType>(id: string, schema: Schema): Schema {
  z.globalRegistry.add(schema, { id });
  return schema;
}

/** An address or a CIDR network without zone, port or brackets, as far as a pattern can say it. */
const NETWORK_PATTERN = "^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$";

/** Any text, be it one that no database keeps. */
const anyText = (least: number, most: number) =>
  z.string().check(z.minLength(least), z.maxLength(most));
const text = (least: number, most: number) =>
  anyText(least, most).check(
    z.refine((value) => !value.includes("\0") && value.isWellFormed()),
  );
const dateTime = <Schema extends z.ZodMiniType>(description: string, schema: Schema) => {
  z.globalRegistry.add(schema, { description, format: "date-time" });
  return schema;
};
const moment = (description: string) => dateTime(description, z.string());
const orNull = <Schema extends z.ZodMiniType>(schema: Schema) => z.nullable(schema);

/** The pattern is for clients; what is an address or a network is up to `parseNetwork`. */
const networks = () => {
  const network = text(1, 60);
  z.globalRegistry.add(network, { pattern: NETWORK_PATTERN });
  return z.array(network).check(z.maxLength(50));
};

const expiresIn = () =>
  described(
    "Seconds to live. null: without an end, if the server allows it. Absent: the server's default.",
    z.optional(z.nullable(z.int().check(z.minimum(1), z.maximum(100 * 366 * 86_400)))),
  );

export const newToken = named(
  "NewToken",
  z.strictObject({
    name: described("What it is for, in your words.", text(1, 400)),
    scopes: described("What it may do.", z.array(text(1, 256)).check(z.maxLength(100))),
    expires_in: expiresIn(),
    allowed_addresses: described(
      "Addresses or CIDR networks it may be used from. Absent or empty: from anywhere.",
      z.optional(networks()),
    ),
    owner: described(
      "Administrators alone: the service account to make it for, by name.",
      z.optional(text(1, 254)),
    ),
  }),
);

export const rotation = named(
  "Rotation",
  z.strictObject({
    overlap: described(
      "Seconds that the old token lives on.",
      z.int().check(z.minimum(0), z.maximum(MAX_OVERLAP_SECONDS)),
    ),
    expires_in: expiresIn(),
  }),
);

export const importedToken = named(
  "ImportedToken",
  z.strictObject({
    token_hash: described(
      "SHA-256 of the token, in hexadecimal.",
      z.string().check(z.regex(/^[0-9a-f]{64}$/)),
    ),
    name: text(1, 400),
    scopes: z.array(text(1, 256)).check(z.maxLength(100)),
    owner: described("A person's e-mail address, or a service account's name.", text(1, 254)),
    expires_at: orNull(dateTime("When it ends. null: without an end.", text(1, 40))),
    allowed_addresses: z.optional(networks()),
  }),
);

export const leakReport = named(
  "LeakReport",
  z.strictObject({
    token: described("The token as it was found.", anyText(1, 4096)),
    url: described("Where it lies.", z.optional(anyText(0, 4096))),
  }),
);

/** As GitLab's secret detection sends them: https://docs.gitlab.com/user/application_security/secret_detection/automatic_response/ */
export const gitlabReport = named(
  "GitLabReport",
  z.array(z.object({
    type: anyText(1, 200),
    token: anyText(1, 4096),
    location: z.optional(anyText(0, 4096)),
  })).check(z.maxLength(1000)),
);

/** As GitHub's secret scanning sends them. Fields it may add later are ignored. */
export const githubAlert = named(
  "GitHubAlert",
  z.array(z.object({
    token: z.string(),
    type: z.string(),
    url: z.optional(z.nullable(z.string())),
    source: z.optional(z.nullable(z.string())),
  })),
);

export const listQuery = z.object({
  search: described(
    "Part of a name, or the beginning of a token.",
    z.optional(text(0, 100)),
  ),
  cursor: described(
    "`next_cursor` of the page before.",
    z.optional(z.string().check(z.minLength(1), z.maxLength(200), z.regex(/^[A-Za-z0-9_-]+$/))),
  ),
  limit: described(
    "Tokens on a page: 1 to 100, 50 if absent.",
    z.optional(z.int().check(z.minimum(1), z.maximum(100))),
  ),
  created_by: described(
    "`login`: those that were created with the login of the token presented.",
    z.optional(z.enum(["login"])),
  ),
  all: described("Administrators alone: everybody's.", z.optional(z.boolean())),
});

export const token = named(
  "Token",
  z.strictObject({
    id: z.string(),
    name: z.string(),
    prefix: described("Its first characters.", z.string()),
    scopes: z.array(z.string()),
    allowed_addresses: z.array(z.string()),
    created_at: moment("When it was made."),
    expires_at: orNull(moment("When it ends.")),
    last_used_at: orNull(moment("When it was last used, up to some seconds ago.")),
    last_used_address: orNull(z.string()),
    last_used_agent: orNull(described("The kind of program that used it.", z.string())),
    revoked_at: orNull(moment("When it was revoked.")),
    revoked_reason: orNull(z.string()),
    rotated_from: orNull(described("Id of the token it replaces.", z.string())),
    login_id: orNull(
      described("The login it was created with: `sid` of that login's tokens.", z.string()),
    ),
    leak: orNull(z.strictObject({
      at: moment("When it was reported to lie where it does not belong."),
      reporter: described("`github`, `gitlab` or `public`.", z.string()),
      place: orNull(described("Where it lies, as the reporter wrote it.", z.string())),
    })),
    owner: z.strictObject({
      kind: z.enum(["user", "service_account"]),
      id: z.string(),
      username: z.string(),
    }),
  }),
);

export const madeToken = named(
  "MadeToken",
  z.extend(token, { token: described("The secret. It is shown this once.", z.string()) }),
);

export const tokenList = named(
  "TokenList",
  z.strictObject({
    tokens: z.array(token),
    next_cursor: orNull(described("Gives the next page; null on the last.", z.string())),
  }),
);

export const leakAnswer = named(
  "LeakAnswer",
  z.strictObject({
    revoked: described("Whether it is a token of this server that counts no more.", z.boolean()),
  }),
);

export const githubAnswer = named(
  "GitHubAnswer",
  z.array(z.strictObject({
    token_raw: z.string(),
    token_type: z.string(),
    label: z.enum(["true_positive", "false_positive"]),
  })),
);

export const problem = named(
  "Problem",
  z.strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    required_scope: described(
      "With `insufficient-scope`: what an approval must cover.",
      z.optional(z.string()),
    ),
    max_expires_in: described(
      "Where `expires_in` is more than the policy allows: what it allows.",
      z.optional(z.int()),
    ),
  }),
);
