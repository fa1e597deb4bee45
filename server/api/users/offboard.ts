import * as z from "zod/mini";
import { type OffboardReport, offboardUser } from "../../admin/offboard_user.ts";
import { DomainError } from "../../domain_error.ts";
import { operation } from "../operation.ts";
import { ownedKind } from "../owners/schemas.ts";
import { described, named, orNull, text, timestamp } from "../schema.ts";
import { administrator } from "../administrator.ts";
import { userOfPath } from "./user_of_path.ts";

const count = (description: string) => described(description, z.int());

const report = named(
  "OffboardReport",
  z.object({
    disabled: described("Whether the user was disabled before.", z.boolean()),
    counts: described(
      "All of it; each list below has 200 at most.",
      z.object({
        browsers: count("Signed out."),
        logins: count("Revoked."),
        narrow_tokens: count("Of these logins."),
        approvals: count("Withdrawn: no client has redeemed them yet."),
        tokens: count("Personal access tokens, rejected while the user is disabled."),
      }),
    ),
    logins: z.array(z.object({
      id: z.string(),
      name: orNull(z.string()),
      client_id: z.string(),
      scopes: z.array(z.string()),
      last_used_at: timestamp("When it was last used."),
    })),
    tokens: z.array(z.object({
      id: z.string(),
      name: z.string(),
      prefix: z.string(),
      scopes: z.array(z.string()),
      expires_at: orNull(timestamp("Null: never.")),
      last_used_at: orNull(timestamp("Null: never.")),
    })),
    identities: described(
      "Accounts at identity providers.",
      z.array(z.object({ provider: z.string(), email: orNull(z.string()) })),
    ),
    groups: z.array(z.string()),
    trust_rules: described("Rules whose workloads act as the user.", z.array(z.string())),
    owned: described(
      "What the user owned before `transfer_to`.",
      z.array(z.object({ kind: ownedKind, name: z.string() })),
    ),
    transferred_to: orNull(described("The address of its new owner.", z.string())),
    known_secrets: described(
      "Secrets of service accounts and clients that the user was shown and that still work.",
      z.array(z.object({
        kind: z.enum(["token", "client"]),
        id: z.string(),
        name: z.string(),
        account: orNull(z.string()),
        at: timestamp("When it was shown."),
      })),
    ),
    rules_naming_user: described(
      "Rules that trust identity tokens with the user's address.",
      z.array(z.string()),
    ),
  }),
);

const offboarding = named(
  "Offboarding",
  z.strictObject({
    transfer_to: z.optional(
      described(
        "The e-mail address or id of the user who gets the service accounts, trust rules, clients " +
          "and resources that this one owns. Default: they keep the owner.",
        text(1, 254),
      ),
    ),
  }),
);

export const previewOffboardingOperation = operation({
  method: "get",
  path: "/api/v1/users/{id}/offboard",
  id: "previewOffboarding",
  summary: "List what ends when a user leaves",
  description: "And what needs another owner. Changes nothing.",
  access: "users_read",
  response: { status: 200, description: "What offboarding would do.", schema: report },
  async handle(deps, request) {
    const user = userOfPath(request);
    if (user instanceof DomainError) return user;
    const planned = await offboardUser(administrator(deps, request), { ...user, dryRun: true });
    return planned instanceof DomainError ? planned : toResponse(planned);
  },
});

export const offboardUserOperation = operation({
  method: "post",
  path: "/api/v1/users/{id}/offboard",
  id: "offboardUser",
  summary: "Disable a user who leaves, and transfer what they own",
  description: "In one transaction, so the response is what happened. You cannot offboard " +
    "yourself, nor the last administrator who can sign in.",
  access: "users_write",
  body: offboarding,
  response: { status: 200, description: "The user is disabled.", schema: report },
  problems: ["conflict", "invalid"],
  async handle(deps, request) {
    const user = userOfPath(request);
    if (user instanceof DomainError) return user;
    const done = await offboardUser(administrator(deps, request), {
      ...user,
      transferTo: request.body.transfer_to,
    });
    if (done instanceof DomainError) {
      // The user of the path exists; the one of the body may not.
      return done.field === "transferTo"
        ? new DomainError("invalid", done.message, { field: "transfer_to" })
        : done;
    }
    deps.tokenValidator.invalidate(`principal:${request.id}`);
    return toResponse(done);
  },
});

function toResponse(done: OffboardReport) {
  const { counts } = done;
  return {
    disabled: done.user.disabled,
    counts: {
      browsers: counts.browsers,
      logins: counts.logins,
      narrow_tokens: counts.narrowTokens,
      approvals: counts.approvals,
      tokens: counts.tokens,
    },
    logins: done.logins.map(({ id, name, client, scopes, lastUsedAt }) => ({
      id,
      name,
      client_id: client,
      scopes,
      last_used_at: lastUsedAt,
    })),
    tokens: done.tokens.map(({ id, name, prefix, scopes, expiresAt, lastUsedAt }) => ({
      id,
      name,
      prefix,
      scopes,
      expires_at: expiresAt,
      last_used_at: lastUsedAt,
    })),
    identities: done.identities,
    groups: done.groups,
    trust_rules: done.trustRules,
    owned: done.owned,
    transferred_to: done.transferredTo,
    known_secrets: done.knownSecrets,
    rules_naming_user: done.rulesNamingUser,
  };
}
