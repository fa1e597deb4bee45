import { type ListedUser, type ShownUser, userState } from "../../admin/list_users.ts";
import type { LinkResult } from "../../admin/password_link_operations.ts";

export function toResponse(user: ListedUser) {
  return {
    id: user.id,
    email: user.email,
    email_verified: user.emailVerified,
    name: user.name,
    admin: user.isAdmin,
    groups: user.groups,
    state: userState(user),
    created_at: user.createdAt,
    last_signed_in_at: user.lastSignedInAt,
  };
}

export function toDetailsResponse({ belongings, methods, disabledAt, ...user }: ShownUser) {
  return {
    ...toResponse(user),
    disabled_at: disabledAt,
    sign_in_methods: {
      password: user.hasPassword,
      authenticator_app: methods.authenticatorApp,
      passkeys: methods.passkeys,
      recovery_codes: methods.recoveryCodes,
      linked_accounts: methods.linkedAccounts,
    },
    browsers: belongings.browsers,
    logins: belongings.logins,
    tokens: belongings.tokens,
    trust_rules: belongings.trustRules,
  };
}

export function toLinkResponse({ url, expiresAt, mailFailure }: LinkResult) {
  return { url: url ?? null, expires_at: expiresAt, mail_failure: mailFailure ?? null };
}
