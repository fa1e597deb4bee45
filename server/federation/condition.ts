import { listText } from "../../shared/list_text.ts";
import { matchesGlob } from "./glob.ts";

/** What a claim of an identity token must be for a rule to trust the token. */
export interface Condition {
  claim: string;
  operator: "equals" | "glob";
  /** One of these is enough. */
  values: string[];
  /**
   * The name of what a number stands for, such as `acme/api`, when the rule was written. Only for
   * readers: it does not decide anything.
   */
  label?: string;
}

/** Claims of a verified identity token. */
export type Claims = Readonly<Record<string, unknown>>;

/** A condition on one value: a glob if the value has a star. */
export function conditionOn(claim: string, value: string): Condition {
  return { claim, operator: value.includes("*") ? "glob" : "equals", values: [value] };
}

/** Whether two lists of conditions decide alike, in this order. The database reorders keys. */
export function sameConditions(left: readonly Condition[], right: readonly Condition[]): boolean {
  const decisive = ({ claim, operator, values }: Condition) => [claim, operator, values];
  return JSON.stringify(left.map(decisive)) === JSON.stringify(right.map(decisive));
}

/** Whether the claims meet the condition. A claim that is absent, or an object, meets none. */
export function isMet(condition: Condition, claims: Claims): boolean {
  return claimValues(claims, condition.claim).some((claimed) =>
    condition.values.some((required) =>
      condition.operator === "glob" ? matchesGlob(required, claimed) : required === claimed
    )
  );
}

/**
 * A claim as text: numbers and booleans as JSON writes them, a list as any of
 * its members. Claims within objects are named by a path with dots.
 */
export function claimValues(claims: Claims, name: string): string[] {
  let value: unknown = Object.hasOwn(claims, name) ? claims[name] : undefined;
  if (value === undefined && name.includes(".")) value = claimAtPath(claims, name.split("."));
  const values = Array.isArray(value) ? value : [value];
  return values
    .filter((value) => ["string", "number", "boolean"].includes(typeof value))
    .map(String);
}

/** Kubernetes nests claims below names that hold dots themselves, such as `kubernetes.io`. */
function claimAtPath(value: unknown, path: string[]): unknown {
  if (path.length === 0) return value;
  if (typeof value !== "object" || value === null) return undefined;
  for (let length = path.length; length > 0; length--) {
    const name = path.slice(0, length).join(".");
    if (!Object.hasOwn(value, name)) continue;
    const nested = claimAtPath((value as Record<string, unknown>)[name], path.slice(length));
    if (nested !== undefined) return nested;
  }
  return undefined;
}

/** As operators read and write it: `ref is refs/heads/main`. */
export function describeCondition({ claim, operator, values }: Condition): string {
  return `${claim} ${operator === "glob" ? "matches" : "is"} ${
    listText(values, "nothing", " or ")
  }`;
}
