/** Arguments of `admin trust add`, from the claims of a token. */
import { sanitizeLine } from "../../shared/sanitize.ts";
import type { Claims } from "./provider.ts";

/** The claim as text; undefined if it is absent or has another type. */
export function claimText(claims: Claims, name: string): string | undefined {
  const value = claims[name];
  return (typeof value === "string" && sanitizeLine(value).trim() !== "") ||
      typeof value === "number"
    ? String(value)
    : undefined;
}

/** `--flag value`, or nothing without a value. */
export function flag(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [`--${name}`, value];
}

/** `--branch` or `--tag` for a full reference; nothing for others, such as pull requests. */
export function refFlag(ref: string | undefined): string[] {
  const [, kind, name] = /^refs\/(heads|tags)\/(.+)$/.exec(ref ?? "") ?? [];
  return kind === undefined ? [] : flag(kind === "heads" ? "branch" : "tag", name);
}
