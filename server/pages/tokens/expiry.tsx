import type { TokenPolicy } from "../../config/server_config.ts";
import type { FormParameters } from "../../http/form.ts";
import { DomainError } from "../../domain_error.ts";

import { Field, fieldState, type FormProblem } from "../ui/form_field.tsx";

const DAY = 86_400;
const PRESET_DAYS = [7, 30, 60, 90];

/** The question when a token ends: so long, on a day, or never if the policy lets it. */
export function ExpiryFields(
  { policy, form, now, problems, unchangedLabel }: {
    policy: TokenPolicy;
    form?: FormParameters;
    now: number;
    problems: readonly FormProblem[];
    /** Words for a first choice, which leaves the life of the token as it is. */
    unchangedLabel?: string;
  },
) {
  const lifetimes = PRESET_DAYS.map((days) => days * DAY).filter((one) =>
    one <= policy.maxLifetime
  );
  if (!lifetimes.includes(policy.defaultLifetime)) lifetimes.push(policy.defaultLifetime);
  lifetimes.sort((one, other) => one - other);
  const [first, last] = expiryDays(policy, now);
  const chosen = form?.("expiry") ??
    (unchangedLabel === undefined ? String(policy.defaultLifetime) : "");
  return (
    <>
      <Field id="expiry" label="It ends" problems={problems}>
        <select id="expiry" name="expiry" {...fieldState(problems, "expiry")}>
          {unchangedLabel !== undefined && (
            <option value="" selected={chosen === ""}>{unchangedLabel}</option>
          )}
          {lifetimes.map((seconds) => (
            <option value={String(seconds)} selected={chosen === String(seconds)}>
              {`in ${inWords(seconds)}, on ${dayOf(now + seconds * 1000)}`}
            </option>
          ))}
          {first <= last && (
            <option value="until" selected={chosen === "until"}>on another day</option>
          )}
          {policy.neverExpire && <option value="never" selected={chosen === "never"}>never</option>}
        </select>
      </Field>
      {first <= last && (
        <Field
          id="until"
          label="The day it ends"
          hint={`At its beginning, 00:00 UTC. ${last} is the last there is.`}
          problems={problems}
          also="until"
        >
          <input
            id="until"
            name="until"
            type="date"
            min={first}
            max={last}
            value={form?.("until") ?? ""}
            {...fieldState(problems, "until", { hint: true })}
          />
        </Field>
      )}
    </>
  );
}

/** The chosen life in seconds; null: never; undefined: none was chosen. `now` is in ms since 1970. */
export function readExpiry(
  form: FormParameters,
  now: number,
): number | null | undefined | DomainError {
  const chosen = form("expiry");
  if (chosen === undefined) return undefined;
  if (chosen === "never") return null;
  if (chosen !== "until") return Number(chosen);
  const day = form("until") ?? "";
  const end = /^\d{4}-\d\d-\d\d$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : NaN;
  if (Number.isNaN(end)) {
    return new DomainError("invalid", "Choose the day on which it ends.", { field: "until" });
  }
  const seconds = end / 1000 - Math.floor(now / 1000);
  return seconds > 0 ? seconds : new DomainError(
    "invalid",
    "The day on which it ends has begun already. Choose a later one.",
    { field: "until" },
  );
}

/**
 * The first and the last day at whose beginning a token may end, as readExpiry reads them:
 * each is accepted. The first is after the last where the policy reaches no midnight.
 */
function expiryDays({ maxLifetime }: TokenPolicy, now: number): [first: string, last: string] {
  return [dayOf(now + DAY * 1000), dayOf(now + maxLifetime * 1000)];
}

/** A refusal at the field of the form that it is about. */
export function toTokenFormProblem(
  { message, field }: DomainError,
  form: FormParameters,
): FormProblem {
  const ids: Record<string, string> = {
    name: "name",
    scopes: "scopes",
    lifetime: form("expiry") === "until" ? "until" : "expiry",
    until: "until",
    allowedAddresses: "addresses",
    overlap: "overlap",
  };
  return { message, fields: field === undefined ? undefined : [ids[field]] };
}

/** A life in words, in the largest unit that divides it. */
export function inWords(seconds: number): string {
  const units: [string, number][] = [["day", DAY], ["hour", 3600], ["minute", 60], ["second", 1]];
  const [unit, length] = units.find(([, length]) => seconds % length === 0)!;
  const count = seconds / length;
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
