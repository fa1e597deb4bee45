import type { Condition } from "./condition.ts";

/** The parts of a condition's value that no wildcard leaves open. */
export interface FixedParts {
  /** Before the first wildcard. */
  start: string;
  /** After the last one. */
  end: string;
  /** There is no wildcard: both are the whole value. */
  exact: boolean;
}

/** Whether a value pins one customer of the provider, in the claim's own grammar. */
export type PinsOwner = (value: FixedParts) => boolean;

/** Claims that can pin a customer of a provider. */
export type OwnerClaims = Readonly<Record<string, PinsOwner>>;

/** The claim is the customer: a number, an id, or a name without parts. */
export const exact: PinsOwner = (value) => value.exact;

/** The claim starts with the customer, which `form` must match up to its delimiter. */
export function startsWith(form: RegExp, delimiter = ""): PinsOwner {
  // The delimiter is appended to an exact value, so that a form needs no second case.
  return ({ start, exact }) => form.test(exact ? start + delimiter : start);
}

/** The claim ends with the customer. */
export function endsWith(form: RegExp): PinsOwner {
  return ({ end }) => form.test(end);
}

/** Whether each value of the condition pins a customer. */
export function pinsOwner(condition: Condition, ownerClaims: OwnerClaims): boolean {
  const { claim, values } = condition;
  const pins = Object.hasOwn(ownerClaims, claim) ? ownerClaims[claim] : undefined;
  return pins !== undefined && values.every((value) => pins(fixedParts(condition, value)));
}

export function fixedParts({ operator }: Condition, value: string): FixedParts {
  const first = operator === "glob" ? value.indexOf("*") : -1;
  if (first < 0) return { start: value, end: value, exact: true };
  return {
    start: value.slice(0, first),
    end: value.slice(value.lastIndexOf("*") + 1),
    exact: false,
  };
}
