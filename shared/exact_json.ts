/**
 * Reads JSON without changing a number: one that a double cannot hold exactly (RFC 8259 section 6)
 * becomes the text it was written as. `9007199254740993` stays what it is, where JSON.parse would
 * give …992. Throws SyntaxError.
 */
export function parseExactJson(text: string): unknown {
  return JSON.parse(text, keepExact as (key: string, value: unknown) => unknown);
}

/** The source of a value: an addition to JSON.parse that TypeScript's library does not describe yet. */
function keepExact(_key: string, value: unknown, { source }: { source?: string }): unknown {
  if (typeof value !== "number" || source === undefined) return value;
  return decimal(source) === decimal(String(value)) ? value : source;
}

/** A number as its digits and its power of ten, so that 1.10 and 11e-1 are one. */
function decimal(text: string): string | undefined {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (match === null) return undefined;
  const [, sign, whole, fraction = "", exponent = "0"] = match;
  const digits = whole + fraction;
  let start = 0;
  while (digits[start] === "0") start++;
  if (start === digits.length) return "0";
  let end = digits.length;
  while (digits[end - 1] === "0") end--;
  const power = BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - end);
  return `${sign}${digits.slice(start, end)}e${power}`;
}
