import { parseDurationSeconds } from "../../../../shared/duration.ts";
import { sanitizeLine } from "../../../../shared/sanitize.ts";
import type { ResourceChanges } from "../../../admin/resource_operations.ts";
import type { SigningAlgorithm } from "../../../config/server_config.ts";
import { DomainError } from "../../../domain_error.ts";
import type { ResourceClaim } from "../../../resources/resource.ts";
import type { DeclaredScope } from "../../../admin/resource_scopes.ts";
import { FACTORS, isFactor, type Role } from "../../../scopes.ts";

/** Options of `admin resource add` and `update`. */
export interface SettingOptions {
  title?: string;
  scope?: string[];
  adminScope?: string[];
  scopeGroup?: string[];
  scopeFactor?: string[];
  loginOnly?: string[];
  accessLifetime?: string;
  /** Checked by commander. */
  signingAlgorithm?: SigningAlgorithm;
  claim?: ResourceClaim[];
}

/** The option for each field that a DomainError can name. */
export const SETTING_OPTIONS: Readonly<Record<string, string>> = {
  title: "--title",
  scopes: "--scope",
  accessTokenLifetime: "--access-lifetime",
  signingAlgorithm: "--signing-algorithm",
  claims: "--claim",
};

export interface ParsedSettings {
  changes: ResourceChanges;
  declaredScopes: DeclaredScope[];
}

/** What the options set; what was not given is undefined. */
export function parseSettingOptions(options: SettingOptions): ParsedSettings | DomainError {
  const declaredScopes: DeclaredScope[] = [];
  for (
    const [option, values, roles] of [
      ["--scope", options.scope ?? [], undefined],
      ["--admin-scope", options.adminScope ?? [], ["admin" as const] as Role[]],
    ] as const
  ) {
    for (const text of values) {
      const [name, ...description] = text.split("=");
      if (name.trim() === "" || description.length === 0) {
        return new DomainError(
          "invalid",
          `${option} "${sanitizeLine(text, 100)}" has no description. Write it like ` +
            `"orders:read=See your orders".`,
        );
      }
      declaredScopes.push({
        name: name.trim(),
        description: description.join("=").trim(),
        ...roles && { roles },
      });
    }
  }
  for (const text of options.scopeGroup ?? []) {
    const [name, group = ""] = text.split("=").map((part) => part.trim());
    const scope = declaredScopes.find((declared) => declared.name === name);
    if (scope === undefined || group === "") {
      return new DomainError(
        "invalid",
        scope === undefined
          ? `--scope-group ${sanitizeLine(text, 100)}: declare the scope with --scope as well.`
          : `--scope-group "${sanitizeLine(text, 100)}" has no group. Write it like ` +
            `"orders:write=deployers".`,
      );
    }
    scope.groups = [...scope.groups ?? [], group];
  }
  for (const text of options.scopeFactor ?? []) {
    const [name, factor] = text.split("=").map((part) => part.trim());
    const scope = declaredScopes.find((declared) => declared.name === name);
    if (scope === undefined || factor !== "any" && !isFactor(factor)) {
      return new DomainError(
        "invalid",
        scope === undefined
          ? `--scope-factor ${sanitizeLine(text, 100)}: declare the scope with --scope as well.`
          : `--scope-factor "${sanitizeLine(text, 100)}": the factor must be one of any, ` +
            `${FACTORS.join(" and ")}. Write it like "orders:write=2fa".`,
      );
    }
    scope.factor = factor === "any" || isFactor(factor) ? factor : undefined;
  }
  for (const name of options.loginOnly ?? []) {
    const scope = declaredScopes.find((declared) => declared.name === name);
    if (scope === undefined) {
      return new DomainError(
        "invalid",
        `--login-only ${sanitizeLine(name, 100)}: declare this scope with --scope as well.`,
      );
    }
    scope.tokens = false;
  }
  const accessTokenLifetime = options.accessLifetime === undefined
    ? undefined
    : parseDurationSeconds(options.accessLifetime);
  if (options.accessLifetime !== undefined && accessTokenLifetime === undefined) {
    return new DomainError(
      "invalid",
      `--access-lifetime "${sanitizeLine(options.accessLifetime)}" is not a valid duration. ` +
        "Write it like 5m or 1h.",
    );
  }
  return {
    declaredScopes,
    changes: {
      title: options.title,
      accessTokenLifetime,
      signingAlgorithm: options.signingAlgorithm,
      claims: options.claim,
    },
  };
}
