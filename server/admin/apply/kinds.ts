import { client } from "./kinds/client.ts";
import { directory } from "./kinds/directory.ts";
import { group } from "./kinds/group.ts";
import { identityProvider } from "./kinds/identity_provider.ts";
import { resource } from "./kinds/resource.ts";
import { scope } from "./kinds/scope.ts";
import { serviceAccount } from "./kinds/service_account.ts";
import { trustRule } from "./kinds/trust_rule.ts";
import type { ManagedKindHandler } from "./managed_kind.ts";

/** In the order in which they are added: what others refer to first. */
export const HANDLERS: readonly ManagedKindHandler[] = [
  group,
  scope,
  resource,
  serviceAccount,
  client,
  identityProvider,
  directory,
  trustRule,
];
