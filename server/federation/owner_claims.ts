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

/** Whether a value lets one customer of the provider in and nobody else, in the claim's own grammar. */
export type PinsOwner = (value: FixedParts) => boolean;

/** Claims that can pin a customer of a provider. */
export type OwnerClaims = Readonly<Record<string, PinsOwner>>;

/** The claim is the customer: a number, an id, or a name without parts. */
export const whole: PinsOwner = ({ exact }) => exact;

/** The claim begins with the customer, which `form` must match up to its delimiter. */
export function beginning(form: RegExp, delimiter = ""): PinsOwner {
  // At the end of an exact value stands what would follow, so that a form needs no second case.
  return ({ start, exact }) => form.test(exact ? start + delimiter : start);
}

/** The claim ends with the customer. */
export function ending(form: RegExp): PinsOwner {
  return ({ end }) => form.test(end);
}

/** Whether each value of the condition pins a customer. */
export function pinsOwner(condition: Condition, owners: OwnerClaims): boolean {
  const pins = Object.hasOwn(owners, condition.claim) ? owners[condition.claim] : undefined;
  return pins !== undefined &&
    condition.values.every((value) => pins(fixedParts(condition, value)));
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
