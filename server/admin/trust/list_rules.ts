import type { Condition } from "../../federation/condition.ts";
import type { ProviderName } from "../../federation/providers.ts";
import { managingFile } from "../../store/managed_file.ts";
import { listTrustRules } from "../../store/trust_rules.ts";
import type { Operation } from "../operation.ts";

export interface ListedRule {
  name: string;
  provider: ProviderName;
  issuer: string;
  audience: string;
  conditions: Condition[];
  scope: string;
  lifetimeSeconds: number;
  actsAs: string;
  enabledUntil?: string;
  disabled: boolean;
  /** The file that manages it (`admin apply`); null: it is managed by hand. */
  managedBy: string | null;
}

export const listAllTrustRules: Operation<Record<never, never>, ListedRule[]> = async ({ sql }) =>
  (await listTrustRules(sql)).map((rule) => ({
    name: rule.name,
    provider: rule.provider,
    issuer: rule.issuer,
    audience: rule.audience,
    conditions: rule.conditions,
    scope: rule.scope,
    lifetimeSeconds: rule.lifetimeSeconds,
    actsAs: rule.principalName,
    enabledUntil: rule.enabledUntil?.toISOString(),
    disabled: rule.disabledAt !== undefined,
    managedBy: managingFile(rule),
  }));
