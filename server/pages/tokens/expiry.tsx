import type { TokenPolicy } from "../../config/server_config.ts";
import { DomainError } from "../../domain_error.ts";
import type { FormParameters } from "../../http/form.ts";
import type { FormProblem } from "../http/form_problem.ts";
import { Field, fieldState } from "../ui/form_field.tsx";
import { formatDuration } from "../../../shared/duration.ts";
import { TextField } from "../ui/text_field.tsx";

const DAY_SECONDS = 86_400;
const PRESET_DAYS = [7, 30, 60, 90];

/** When the token expires: after a lifetime, on a date, or never if the policy allows it. */
export function ExpiryFields(
  { policy, form, now, problems, unchangedLabel }: {
    policy: TokenPolicy;
    form?: FormParameters;
    now: number;
    problems: readonly FormProblem[];
    /** Label of an option that keeps the lifetime of the token. */
    unchangedLabel?: string;
  },
) {
  const [first, last] = expiryDates(policy, now);
  const selected = form?.("expiry") ??
    (unchangedLabel === undefined ? String(policy.defaultLifetime) : "");
  const option = (value: string, label: string) => (
    <option value={value} selected={selected === value}>{label}</option>
  );
  return (
    <>
      <Field id="expiry" label="Expires" hint="Dates are in UTC." problems={problems}>
        <select id="expiry" name="expiry" {...fieldState(problems, "expiry", { hint: true })}>
          {unchangedLabel !== undefined && option("", unchangedLabel)}
          {lifetimes(policy).map((seconds) =>
            option(
              String(seconds),
              `In ${formatDuration(seconds)} (${formatDate(now + seconds * 1000)})`,
            )
          )}
          {first <= last && option("until", "On another date")}
          {policy.neverExpire && option("never", "Never")}
        </select>
      </Field>
      {first <= last && (
        <TextField
          id="until"
          label="Expiration date (UTC)"
          hint={`The token expires when this day begins, at 00:00 UTC. The latest date is ${last}.`}
          problems={problems}
          className="until"
          type="date"
          min={first}
          max={last}
          value={form?.("until") ?? ""}
        />
      )}
    </>
  );
}

function lifetimes({ defaultLifetime, maxLifetime }: TokenPolicy): number[] {
  const presets = PRESET_DAYS.map((days) => days * DAY_SECONDS)
    .filter((seconds) => seconds <= maxLifetime);
  return [...new Set([...presets, defaultLifetime])].sort((left, right) => left - right);
}

/** The selected lifetime in seconds; null: never; undefined: none. `now` is in ms since 1970. */
export function readExpiry(
  form: FormParameters,
  now: number,
): number | null | undefined | DomainError {
  const selected = form("expiry");
  if (selected === undefined) return undefined;
  if (selected === "never") return null;
  if (selected !== "until") return Number(selected);
  const date = form("until") ?? "";
  const time = /^\d{4}-\d\d-\d\d$/.test(date) ? Date.parse(`${date}T00:00:00Z`) : NaN;
  if (Number.isNaN(time)) {
    return new DomainError("invalid", "Select an expiration date.", { field: "until" });
  }
  const seconds = time / 1000 - Math.floor(now / 1000);
  return seconds > 0 ? seconds : new DomainError(
    "invalid",
    "The expiration date has passed. Select a later date.",
    { field: "until" },
  );
}

/** Ids of fields that use cases call differently. */
export function tokenFieldIds(form: FormParameters): Record<string, string> {
  return {
    lifetime: form("expiry") === "until" ? "until" : "expiry",
    allowedAddresses: "addresses",
  };
}

/**
 * The first and the last date that readExpiry and the policy accept. The first is after the last
 * if the maximum lifetime includes no midnight.
 */
function expiryDates({ maxLifetime }: TokenPolicy, now: number): [first: string, last: string] {
  return [formatDate(now + DAY_SECONDS * 1000), formatDate(now + maxLifetime * 1000)];
}

function formatDate(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
