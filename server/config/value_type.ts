import { parseDurationSeconds } from "../../shared/duration.ts";
import type { ConfigProblemCode } from "./problem.ts";

/** Why a value is rejected. The message starts after the setting's name. */
export class InvalidValue {
  constructor(
    readonly message: string,
    readonly code: ConfigProblemCode = "invalid_value",
  ) {}
}

/** How the text of a setting becomes a value. */
export interface ValueType<T> {
  /** What help calls the value: `--listen <host:port>`. */
  placeholder: string;
  /** Accepted values, in Markdown, for the reference. */
  accepts: string;
  parse(text: string): T | InvalidValue;
  /** The text as messages and logs may show it; without it, URLs are masked. */
  display?(text: string): string;
  /** A value can contain a password, so it may also come from a file of its own. */
  holdsCredentials?: true;
}

/** Any text, of at least `minLength` characters. */
export function text(
  { placeholder, accepts = "text", minLength = 0, advice = "" }: {
    placeholder: string;
    accepts?: string;
    minLength?: number;
    /** What to do about a text that is too short, as a sentence. */
    advice?: string;
  },
): ValueType<string> {
  return {
    placeholder,
    accepts: minLength === 0 ? accepts : `${accepts} of ${minLength} characters or more`,
    parse: (value) =>
      value.length >= minLength ? value : new InvalidValue(
        `must have at least ${minLength} characters. ${advice}`.trim(),
        "out_of_range",
      ),
  };
}

/** A duration in seconds, at least `min`. */
export function duration({ min, max }: { min: string; max?: string }): ValueType<number> {
  const minSeconds = parseDurationSeconds(min)!;
  const maxSeconds = max === undefined ? Infinity : parseDurationSeconds(max)!;
  return {
    placeholder: "duration",
    accepts: max === undefined
      ? `duration of \`${min}\` or more`
      : `duration from \`${min}\` to \`${max}\``,
    parse(value) {
      const seconds = parseDurationSeconds(value);
      if (seconds === undefined) {
        return new InvalidValue(
          `"${value}" is not a valid duration. Use a number with s, m, h or d, for example 15m.`,
        );
      }
      if (seconds > maxSeconds) {
        return new InvalidValue(`"${value}" is too long. The maximum is ${max}.`, "out_of_range");
      }
      return seconds >= minSeconds ? seconds : new InvalidValue(
        `"${value}" is too short. The minimum is ${min}.`,
        "out_of_range",
      );
    },
  };
}

/** A whole number, at least `min`. */
export function count({ min }: { min: number }): ValueType<number> {
  return {
    placeholder: "number",
    accepts: `number of ${min} or more`,
    parse(value) {
      if (!/^\d{1,9}$/.test(value)) return new InvalidValue(`"${value}" is not a valid number.`);
      return Number(value) >= min ? Number(value) : new InvalidValue(
        `"${value}" is too low. The minimum is ${min}.`,
        "out_of_range",
      );
    },
  };
}

const MAX_WORKERS = 256;

/** A number of processes, or `auto`. */
export const workerCount: ValueType<number | "auto"> = {
  placeholder: "number|auto",
  accepts: `number from 1 to ${MAX_WORKERS}, or \`auto\``,
  parse(value) {
    if (value === "auto") return value;
    if (!/^\d{1,9}$/.test(value)) {
      return new InvalidValue(`"${value}" is not a valid number. Use a number, or auto.`);
    }
    const number = Number(value);
    return number >= 1 && number <= MAX_WORKERS ? number : new InvalidValue(
      `"${value}" is out of range. Use 1 to ${MAX_WORKERS}, or auto.`,
      "out_of_range",
    );
  },
};

/** One of several names, each of which stands for a value. */
export function choice<const T>(
  choices: Record<string, T>,
  { placeholder = Object.keys(choices).join("|") }: { placeholder?: string } = {},
): ValueType<T> {
  const names = Object.keys(choices);
  return {
    placeholder,
    accepts: names.map((name) => `\`${name}\``).join(", "),
    parse: (value) =>
      Object.hasOwn(choices, value)
        ? choices[value]
        : new InvalidValue(`"${value}" is not supported. Use ${orList(names)}.`),
  };
}

/** `on` or `off`. */
export const onOff = choice<boolean>({ on: true, off: false });

function orList(items: readonly string[]): string {
  return items.length === 1 ? items[0] : `${items.slice(0, -1).join(", ")} or ${items.at(-1)}`;
}
