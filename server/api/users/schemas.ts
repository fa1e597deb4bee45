import * as z from "zod/mini";
import { USER_STATES } from "../../store/users.ts";
import { described, named, orNull, text, timestamp } from "../schema.ts";

/** In seconds: as `--expires` of `admin user add` and `reset-password`. */
const MIN_LINK_LIFETIME = 60;
const MAX_LINK_LIFETIME = 30 * 86_400;
export const INVITATION_LIFETIME = 3 * 86_400;
export const RESET_LIFETIME = 86_400;

const email = () => described("With which the user signs in.", text(1, 254));
const name = () => described("The name that others see.", text(1, 400));
const admin = () => described("Whether the user is an administrator.", z.boolean());
const emailVerified = () =>
  described(
    "Whether the address is known to be the user's: `email_verified` in their ID tokens.",
    z.boolean(),
  );

const linkLifetime = (defaultLifetime: string) =>
  described(
    `Seconds until the link expires. Default: ${defaultLifetime}.`,
    z.optional(z.int().check(z.minimum(MIN_LINK_LIFETIME), z.maximum(MAX_LINK_LIFETIME))),
  );

const mailed = () =>
  described(
    "Whether to send the link to the user's address and not to return it. Default: `false`.",
    z.optional(z.boolean()),
  );

export const newUser = named(
  "NewUser",
  z.strictObject({
    email: email(),
    name: described("Default: the part of the address before the @.", z.optional(text(1, 400))),
    admin: z.optional(admin()),
    email_verified: z.optional(emailVerified()),
    expires_in: linkLifetime("3 days"),
    mail: mailed(),
  }),
);

export const userChanges = named(
  "UserChanges",
  z.strictObject({
    email: z.optional(
      described("The user is notified at the old address. Logins and tokens stay valid.", email()),
    ),
    name: z.optional(name()),
    admin: z.optional(admin()),
    email_verified: z.optional(emailVerified()),
  }),
);

export const newPasswordLink = named(
  "NewPasswordLink",
  z.strictObject({ expires_in: linkLifetime("1 day"), mail: mailed() }),
);

export const newAddressLink = named(
  "NewAddressLink",
  z.strictObject({
    email: described("The new address.", text(1, 254)),
    expires_in: linkLifetime("1 day"),
    mail: described(
      "Whether to send the link to the new address, which verifies it, and not to return it. " +
        "Default: `false`.",
      z.optional(z.boolean()),
    ),
  }),
);

const userMembers = {
  id: described("Of this API and the audit log.", z.string()),
  email: z.string(),
  email_verified: z.boolean(),
  name: z.string(),
  admin: z.boolean(),
  groups: described("The names of the groups that the user belongs to.", z.array(z.string())),
  state: described(
    "`invited`: the user has no way to sign in yet.",
    z.enum(USER_STATES),
  ),
  created_at: timestamp("When the user was added."),
  last_signed_in_at: orNull(timestamp("When the user last signed in in a browser.")),
};

export const user = named("User", z.strictObject(userMembers));

export const userDetails = named(
  "UserDetails",
  z.strictObject({
    ...userMembers,
    disabled_at: orNull(timestamp("When the user was disabled.")),
    sign_in_methods: z.strictObject({
      password: z.boolean(),
      authenticator_app: z.boolean(),
      passkeys: described("Passkeys that are not blocked.", z.int()),
      recovery_codes: described("Recovery codes that are left.", z.int()),
      linked_accounts: described("Accounts at identity providers.", z.int()),
    }),
    browsers: described("Browsers in which the user is signed in.", z.int()),
    logins: described("Logins that are neither revoked nor expired.", z.int()),
    tokens: described("Personal access tokens that are neither revoked nor expired.", z.int()),
    trust_rules: described("Trust rules that let workloads act as the user.", z.int()),
  }),
);

const link = {
  url: orNull(
    described(
      "The link. Anyone who has it can choose the password, and so sign in as the user. `null` if " +
        "it was sent by e-mail.",
      z.string(),
    ),
  ),
  expires_at: timestamp("Until when it can be used, once."),
  mail_failure: orNull(
    described("Why the e-mail could not be sent. Request a link without `mail`.", z.string()),
  ),
};

export const addressLink = named(
  "AddressLink",
  z.strictObject({
    ...link,
    url: orNull(described(
      "The link. It works only in a browser in which the user is signed in. `null` if it was sent " +
        "by e-mail.",
      z.string(),
    )),
  }),
);

export const passwordLink = named("PasswordLink", z.strictObject(link));

export const invitedUser = named(
  "InvitedUser",
  z.strictObject({
    user: userDetails,
    link: passwordLink,
  }),
);

export const removedFactors = named(
  "RemovedFactors",
  z.strictObject({
    authenticator_app: described("Whether there was one.", z.boolean()),
    passkeys: described("How many there were.", z.int()),
    recovery_codes: described("How many there were.", z.int()),
  }),
);

export const userListQuery = z.object({
  search: described("A part of the e-mail address or the name.", z.optional(text(0, 254))),
  state: z.optional(z.enum(USER_STATES)),
  group: described("The name of a group that they belong to.", z.optional(text(1, 200))),
  admin: described(
    "`true`: only administrators. `false`: only other users.",
    z.optional(z.boolean()),
  ),
  cursor: described(
    "`next_cursor` of the previous page.",
    z.optional(z.string().check(z.minLength(1), z.maxLength(200), z.regex(/^[A-Za-z0-9_-]+$/))),
  ),
  limit: described(
    "Users per page, from 1 to 100. Default: 50.",
    z.optional(z.int().check(z.minimum(1), z.maximum(100))),
  ),
});

export const userList = named(
  "UserList",
  z.strictObject({
    users: z.array(user),
    next_cursor: orNull(
      described("The `cursor` of the next page; `null` on the last.", z.string()),
    ),
  }),
);

const from = {
  address: described("The IP address when it started.", z.string()),
  user_agent: described("As the browser or program calls itself.", z.string()),
  created_at: timestamp("When it started."),
};

export const userSessions = named(
  "UserSessions",
  z.strictObject({
    sessions: z.array(named(
      "UserSession",
      z.strictObject({
        id: z.string(),
        ...from,
        last_seen_at: timestamp("When it was last used."),
      }),
    )),
  }),
);

export const userLogins = named(
  "UserLogins",
  z.strictObject({
    logins: z.array(named(
      "UserLogin",
      z.strictObject({
        id: described("The `sid` of its access tokens.", z.string()),
        name: orNull(described("As the terminal or the user named it.", z.string())),
        client_id: z.string(),
        scopes: z.array(z.string()),
        ...from,
        last_used_at: timestamp("When it was last used."),
        expires_at: timestamp("When it expires even if it is used."),
      }),
    )),
  }),
);

export const userTokens = named(
  "UserTokens",
  z.strictObject({
    tokens: z.array(named(
      "UserToken",
      z.strictObject({
        id: z.string(),
        name: z.string(),
        prefix: described("The first characters of the token.", z.string()),
        scopes: z.array(z.string()),
        created_at: timestamp("When it was created."),
        expires_at: orNull(timestamp("When it expires; `null`: never.")),
        last_used_at: orNull(timestamp("When it was last used.")),
        last_used_address: orNull(z.string()),
      }),
    )),
  }),
);

export const signedOut = named(
  "SignedOut",
  z.strictObject({ browsers: described("How many browsers were signed out.", z.int()) }),
);

export const loginRevocationQuery = z.object({
  with_tokens: described(
    "Whether to revoke the personal access tokens that were created with the login as well.",
    z.optional(z.boolean()),
  ),
});

export const revokedLogins = named(
  "RevokedLogins",
  z.strictObject({
    logins: described("How many logins were revoked.", z.int()),
    tokens: described("How many personal access tokens were revoked with them.", z.int()),
  }),
);

export const revokedTokens = named(
  "RevokedTokens",
  z.strictObject({ tokens: described("How many tokens were revoked.", z.int()) }),
);
