import { InvalidArgumentError } from "commander";

/** Collects the values of a repeatable option, which are some of `choices`. */
export function collectChoices(choices: readonly string[]) {
  return (value: string, previous: string[] = []): string[] => {
    if (choices.includes(value)) return [...previous, value];
    throw new InvalidArgumentError(`Allowed choices are ${choices.join(", ")}.`);
  };
}
