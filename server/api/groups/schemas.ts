import * as z from "zod/mini";
import { described, named, orNull, text, timestamp } from "../schema.ts";

/** Of the parameters in paths: names of groups, and ids of users. */
export const GROUP_PATH_SCHEMA = { type: "string", pattern: "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$" };

const from = () =>
  described(
    "Groups of directories whose members belong to it, each as `DIRECTORY:GROUP`, such as " +
      "`okta:Deployers`. `null`: those of any directory that have its name. `[]`: none.",
    z.nullable(z.array(text(1, 300)).check(z.maxLength(100))),
  );
const description = () => described("What it is for.", z.nullable(text(1, 1000)));

const settings = { description: z.optional(description()), from: z.optional(from()) };

export const newGroup = named(
  "NewGroup",
  z.strictObject({
    name: described(
      "Up to 64 letters, digits, dots and the characters `_` and `-`.",
      text(1, 100),
    ),
    ...settings,
  }),
);

export const groupChanges = named("GroupChanges", z.strictObject(settings));

export const group = named(
  "Group",
  z.strictObject({
    name: z.string(),
    description: orNull(z.string()),
    origin: described(
      "Only those of the database can be changed and removed here; members of all can be changed.",
      z.enum(["built-in", "config-file", "database"]),
    ),
    from: orNull(z.array(z.string())),
    scopes: described("Scopes that name the group.", z.array(z.string())),
    members: described("Number of members; 10001 of any number above 10000.", z.int()),
    created_at: orNull(timestamp("When it was added to the database.")),
    managed_by: orNull(
      described(
        "The file that manages it: it cannot be changed here, except for members that the file does " +
          "not list.",
        z.string(),
      ),
    ),
  }),
);

export const groupList = named("GroupList", z.strictObject({ groups: z.array(group) }));

const source = z.strictObject({
  source: described(
    "`local`: added here. Otherwise the directory, such as `idp:okta` or `scim:okta`.",
    z.string(),
  ),
  group: described("What the source calls the group.", z.string()),
});

export const memberQuery = z.strictObject({
  search: z.optional(
    described("Only members with this text in the address or name.", text(0, 254)),
  ),
  limit: z.optional(z.int().check(z.minimum(1), z.maximum(200))),
  offset: z.optional(z.int().check(z.minimum(0), z.maximum(1_000_000))),
});

export const memberList = named(
  "GroupMemberList",
  z.strictObject({
    members: z.array(z.strictObject({
      id: z.string(),
      email: z.string(),
      name: z.string(),
      disabled: z.boolean(),
      sources: described("Where the membership comes from.", z.array(source)),
    })),
    total: described("Number of members that match.", z.int()),
  }),
);

export const newMember = named(
  "NewGroupMember",
  z.strictObject({ user: described("The id or e-mail address of the user.", text(1, 254)) }),
);

export const memberChange = named(
  "GroupMemberChange",
  z.strictObject({
    id: described("The id of the user.", z.string()),
    changed: described("Whether there was anything to change.", z.boolean()),
    remaining: described(
      "Groups of directories by which the user is a member as well.",
      z.array(z.string()),
    ),
  }),
);

export const removedGroup = named(
  "RemovedGroup",
  z.strictObject({
    members: z.int(),
    scopes: described(
      "Scopes that named the group.",
      z.array(z.strictObject({
        name: z.string(),
        left_to_administrators: described(
          "Whether it had no other group, so that only administrators can have it now.",
          z.boolean(),
        ),
      })),
    ),
    losses: described(
      "Members who lose scopes, of the first 100.",
      z.array(z.strictObject({ email: z.string(), scopes: z.array(z.string()) })),
    ),
  }),
);

export const accessQuery = z.strictObject({
  user: described("Id or e-mail address of a user, or name of a service account.", text(1, 254)),
  scope: text(1, 256),
  client: z.optional(
    described("The client of the login. Default: the command line.", text(1, 2000)),
  ),
});

export const access = named(
  "Access",
  z.strictObject({
    account: z.strictObject({
      kind: z.enum(["user", "service_account"]),
      id: z.string(),
      username: z.string(),
      disabled: z.boolean(),
    }),
    scope: z.strictObject({
      name: z.string(),
      description: z.string(),
      resource: z.string(),
      groups: described(
        "Who may have it, roles included. `null`: all users.",
        orNull(z.array(z.string())),
      ),
      factor: described(
        "What the sign-in that approves it must be at least. `null`: any.",
        orNull(z.string()),
      ),
    }),
    client: z.strictObject({ id: z.string(), name: z.string() }),
    login: described("Whether a login through the client can have it.", z.boolean()),
    personal_access_token: described(
      "Whether a personal access token can have it.",
      z.boolean(),
    ),
    groups: described(
      "All groups of the user, roles included, and where each comes from.",
      z.array(z.strictObject({ name: z.string(), from: z.array(z.string()) })),
    ),
    reasons: z.array(z.strictObject({
      check: z.enum([
        "account",
        "groups",
        "client",
        "resource",
        "token_kind",
        "factor",
        "device_flow",
      ]),
      ok: described("`null`: depends on the request.", orNull(z.boolean())),
      message: z.string(),
    })),
  }),
);
