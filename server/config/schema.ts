/**
 * Every setting of the server, in the order of help and reference. Declarations only: the command
 * line reads them without loading the server.
 */
import type { Setting } from "./setting.ts";
import { audit } from "./settings/audit.ts";
import { identityProviders } from "./settings/identity_providers.ts";
import { logins } from "./settings/logins.ts";
import { signIn } from "./settings/sign_in.ts";
import { logs } from "./settings/logs.ts";
import { metrics } from "./settings/metrics.ts";
import { network } from "./settings/network.ts";
import { notifications } from "./settings/notifications.ts";
import { personalAccessTokens } from "./settings/personal_access_tokens.ts";
import { storage } from "./settings/storage.ts";
import { tokens } from "./settings/tokens.ts";
import { workloadIdentity } from "./settings/workload_identity.ts";

export const settingGroups = [
  network,
  storage,
  logs,
  metrics,
  audit,
  tokens,
  logins,
  signIn,
  identityProviders,
  personalAccessTokens,
  notifications,
  workloadIdentity,
] as const;

export type DeclaredSetting = typeof settingGroups[number]["settings"][number];
export type SettingName = DeclaredSetting["name"];

export const settings: readonly (Setting & { name: SettingName })[] = settingGroups
  .flatMap((group): readonly (Setting & { name: SettingName })[] => group.settings);
