import { matchesGlob } from "./glob.ts";

/** What a claim of a foreign token must be for a rule to trust it. */
export interface Condition {
  claim: string;
  operator: "equals" | "glob";
  /** One of these is enough. */
  values: string[];
}

/** Claims of a verified foreign token. */
export type Claims = Readonly<Record<string, unknown>>;

/** Whether the condition holds. A claim that is absent, or an object, meets none. */
export function holds(condition: Condition, claims: Claims): boolean {
  return claimValues(claims, condition.claim).some((value) =>
    condition.values.some((wanted) =>
      condition.operator === "glob" ? matchesGlob(wanted, value) : wanted === value
    )
  );
}

/**
 * A claim as text: numbers and booleans as JSON writes them, a list as any of
 * its members. Claims within objects are named by a path with dots.
 */
function claimValues(claims: Claims, name: string): string[] {
  let found: unknown = Object.hasOwn(claims, name) ? claims[name] : undefined;
  if (found === undefined && name.includes(".")) found = claimAtPath(claims, name.split("."));
  const values = Array.isArray(found) ? found : [found];
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
    const found = claimAtPath((value as Record<string, unknown>)[name], path.slice(length));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** As operators read and write it: `ref = refs/heads/main`. */
export function describeCondition({ claim, operator, values }: Condition): string {
  return `${claim} ${operator === "glob" ? "matches" : "is"} ${values.join(" or ")}`;
}
