import { parseDurationSeconds } from "../../../../shared/duration.ts";
import { sanitizeLine } from "../../../../shared/sanitize.ts";
import type { ClientChanges } from "../../../admin/client_operations.ts";
import { DomainError } from "../../../domain_error.ts";
import type { DeviceFlowRule } from "../../../scopes.ts";
import type { ClientGrant, ClientPolicy, ConsentPolicy } from "../../../store/clients.ts";

/** Options of `admin client add` and `update` that limit what a client may do. */
export interface PolicyOptions {
  homepage?: string;
  /** Checked by commander. */
  grant?: ClientGrant[];
  redirect?: string[];
  consent?: ConsentPolicy;
  scope?: string[];
  resource?: string[];
  /** Checked by commander. */
  deviceFlow?: DeviceFlowRule[];
  accessLifetime?: string;
  refreshIdle?: string;
  refreshAbsolute?: string;
}

const LIFETIMES = {
  accessLifetime: "accessTokenLifetime",
  refreshIdle: "refreshTokenIdleLifetime",
  refreshAbsolute: "refreshTokenAbsoluteLifetime",
} as const;

/** The option for each field that a DomainError can name. */
export const POLICY_OPTIONS: Readonly<Record<string, string>> = {
  homepage: "--homepage",
  grants: "--grant",
  redirectUris: "--redirect",
  consent: "--consent",
  scopes: "--scope",
  resources: "--resource",
  deviceFlow: "--device-flow",
  accessTokenLifetime: "--access-lifetime",
  refreshTokenIdleLifetime: "--refresh-idle",
  refreshTokenAbsoluteLifetime: "--refresh-absolute",
};

/** What `update --clear` can remove, by its name there. */
export const CLEARABLE = {
  homepage: "homepage",
  redirect: "redirectUris",
  scope: "scopes",
  resource: "resources",
  "device-flow": "deviceFlow",
  "access-lifetime": "accessTokenLifetime",
  "refresh-idle": "refreshTokenIdleLifetime",
  "refresh-absolute": "refreshTokenAbsoluteLifetime",
} as const satisfies Record<string, keyof ClientChanges>;

/** What the options set; what was not given is undefined. */
export function parsePolicyOptions(
  options: PolicyOptions,
): Partial<Omit<ClientPolicy, "name">> | DomainError {
  const changes: Partial<Omit<ClientPolicy, "name">> = {
    homepage: options.homepage,
    grants: options.grant,
    redirectUris: options.redirect,
    consent: options.consent,
    scopes: options.scope,
    resources: options.resource,
    deviceFlow: options.deviceFlow,
  };
  for (const [option, field] of Object.entries(LIFETIMES)) {
    const text = options[option as keyof typeof LIFETIMES];
    if (text === undefined) continue;
    const seconds = parseDurationSeconds(text);
    if (seconds === undefined) {
      return new DomainError(
        "invalid",
        `${POLICY_OPTIONS[field]} "${sanitizeLine(text)}" is not a valid duration. ` +
          "Write it like 15m, 8h or 30d.",
      );
    }
    changes[field] = seconds;
  }
  return changes;
}
