import { parseDurationSeconds } from "../../../../shared/duration.ts";
import type { ResourceChanges } from "../../../admin/resource_operations.ts";
import { isSigningAlgorithm } from "../../../config/check_resource.ts";
import { DomainError } from "../../../domain_error.ts";
import type { FormParameters } from "../../../http/form.ts";
import { type RegisteredResource, RESOURCE_CLAIMS } from "../../../resources/resource.ts";
import { isFactor, type ScopeDescription } from "../../../scopes.ts";

/** More than `checkResourceScopes` allows, so that it can say so. */
const MAX_ROWS = 60;

/** A row of the form's table of scopes. */
export interface ScopeRow {
  name: string;
  description: string;
  isForAdmins: boolean;
  /** Names, separated by spaces. */
  groups: string;
  isLoginOnly: boolean;
  /** Empty: any. */
  factor: string;
}

/** The rows that the form was sent with, in which empty ones are left out. */
export function readScopeRows(form: FormParameters): ScopeRow[] {
  const rows = Array.from({ length: MAX_ROWS }, (_, index): ScopeRow => ({
    name: form(`scope${index}.name`)?.trim() ?? "",
    description: form(`scope${index}.description`)?.trim() ?? "",
    isForAdmins: !!form(`scope${index}.admin`),
    groups: form(`scope${index}.groups`)?.trim() ?? "",
    isLoginOnly: !!form(`scope${index}.login`),
    factor: form(`scope${index}.factor`) ?? "",
  }));
  return rows.filter(({ name, description }) => name !== "" || description !== "");
}

/**
 * What the fields of the form say. What they cannot say about a scope, such as its clients, stays
 * as it is before.
 */
export function readSettings(
  form: FormParameters,
  before: readonly ScopeDescription[],
): Omit<RegisteredResource, "name" | "identifier"> | DomainError {
  const text = (form("accessTokenLifetime") ?? "").trim();
  const accessTokenLifetime = text === "" ? undefined : parseDurationSeconds(text);
  if (text !== "" && accessTokenLifetime === undefined) {
    return new DomainError("invalid", "Write the duration like 5m or 1h.", {
      field: "accessTokenLifetime",
    });
  }
  const algorithm = form("signingAlgorithm") ?? "";
  return {
    title: form("title")?.trim() || undefined,
    scopes: readScopeRows(form).map(
      ({ name, description, isForAdmins, groups, isLoginOnly, factor }) => {
        const { roles: _, groups: __, tokens: ___, factor: ____, ...same } =
          before.find((scope) => scope.name === name) ?? {};
        return {
          ...same,
          name,
          description,
          ...isForAdmins && { roles: ["admin" as const] },
          ...groups !== "" && { groups: [...new Set(groups.split(/[\s,]+/))] },
          ...isLoginOnly && { tokens: false },
          ...isFactor(factor) && { factor },
        };
      },
    ),
    accessTokenLifetime,
    signingAlgorithm: isSigningAlgorithm(algorithm) ? algorithm : undefined,
    claims: RESOURCE_CLAIMS.filter((claim) => form(`claim:${claim}`)),
  };
}

/** The members in which the settings differ, with their values after; null: none. */
export function settingChanges(
  before: RegisteredResource,
  after: Omit<RegisteredResource, "name" | "identifier">,
): ResourceChanges {
  const keys = [
    "title",
    "scopes",
    "accessTokenLifetime",
    "signingAlgorithm",
    "claims",
  ] as const satisfies (keyof ResourceChanges)[];
  const isSame = (left: unknown, right: unknown) => comparable(left) === comparable(right);
  return Object.fromEntries(
    keys.filter((key) => !isSame(before[key], after[key])).map((key) => [key, after[key] ?? null]),
  );
}

/** As JSON in which the order of members says nothing. */
function comparable(value: unknown): string {
  return JSON.stringify(
    value,
    (_key, part) =>
      typeof part === "object" && part !== null && !Array.isArray(part)
        ? Object.fromEntries(Object.entries(part).sort(([left], [right]) => left < right ? -1 : 1))
        : part,
  ) ?? "";
}
