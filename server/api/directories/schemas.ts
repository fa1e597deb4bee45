import * as z from "zod/mini";
import { MAX_OVERLAP_SECONDS } from "../../../shared/tokens/limits.ts";
import { described, named, orNull, text, timestamp } from "../schema.ts";

/** Of `{id}` in paths: the name. */
export const DIRECTORY_NAME_SCHEMA = {
  type: "string",
  pattern: "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$",
};

const domains = () =>
  described(
    "The mail domains that it may provision, and whose existing accounts it takes over. An empty " +
      "list: it may create accounts of any, and takes over none.",
    z.array(text(1, 300)).check(z.maxLength(50)),
  );

export const newDirectory = named(
  "NewDirectory",
  z.strictObject({
    name: described(
      "Up to 64 letters, digits, dots and the characters `_` and `-`. Part of the names of its " +
        "groups, such as `okta:Deployers`.",
      text(1, 100),
    ),
    domains: z.optional(domains()),
  }),
);

export const directoryChanges = named(
  "DirectoryChanges",
  z.strictObject({ domains: z.optional(domains()) }),
);

export const directoryTokenRotation = named(
  "DirectoryTokenRotation",
  z.strictObject({
    overlap: described(
      "Seconds for which the previous token keeps working.",
      z.int().check(z.minimum(0), z.maximum(MAX_OVERLAP_SECONDS)),
    ),
  }),
);

export const directory = named(
  "Directory",
  z.strictObject({
    name: z.string(),
    url: described("What the directory calls its base or tenant URL.", z.string()),
    domains: z.array(z.string()),
    users: described("How many users it has provisioned.", z.int()),
    groups: described("How many groups it has provisioned.", z.int()),
    token_prefix: described("The first characters of its token.", z.string()),
    token_created_at: timestamp("When its token was created."),
    previous_token_expires_at: orNull(
      timestamp("Until when the token before the last rotation is accepted."),
    ),
    created_at: timestamp("When it was connected."),
    last_used_at: orNull(timestamp("When it last sent a request, to the minute.")),
    disabled_at: orNull(timestamp("When it was disabled.")),
    managed_by: orNull(
      described("The file that manages it: it cannot be changed here.", z.string()),
    ),
  }),
);

export const createdDirectory = named(
  "CreatedDirectory",
  z.extend(directory, {
    token: described("The bearer token of the directory. It is returned only once.", z.string()),
  }),
);

export const removedDirectory = named(
  "RemovedDirectory",
  z.strictObject({
    users: described("How many users it had provisioned; their accounts stay.", z.int()),
    groups: described("How many of its groups lost their members.", z.int()),
  }),
);

export const directoryList = named(
  "DirectoryList",
  z.strictObject({ directories: z.array(directory) }),
);
