/** Makes what `doctor` prints fit for a public bug report. */
import { brand } from "../../shared/brand.ts";
import type { ClientIo } from "../io.ts";

/** Any JWT, and any token of this product: nothing that is printed should have one. */
const TOKENS = new RegExp(
  `\\beyJ[\\w-]+\\.[\\w-]*\\.[\\w-]*|\\b(?:${
    Object.values(brand.tokenPrefixes).join("|")
  })[0-9A-Za-z]{8,}`,
  "g",
);

/** Shortens account names and the home folder, and hides credentials. */
export function redactor(
  { env, platform: { homeFolder } }: Pick<ClientIo, "env" | "platform">,
  accounts: readonly string[],
): (text: string) => string {
  const texts: [string, string][] = [
    [env[`${brand.envPrefix}_TOKEN`]?.trim() ?? "", "(token)"],
    ...accounts.map((account): [string, string] => [account, shortAccount(account)]),
    // The root folder is part of every path.
    [homeFolder === "/" ? "" : homeFolder, "~"],
  ];
  const replacements = texts.filter(([text]) => text !== "").map(([text, replacement]) => ({
    // Whole words: an account may be named like a part of one.
    pattern: new RegExp(`(?<![\\w@])${RegExp.escape(text)}(?![\\w@-]|\\.\\w)`, "g"),
    replacement,
  }));
  return (text) => {
    let redacted = text.replaceAll(/:\/\/[^\s/]*@/g, "://***@");
    for (const { pattern, replacement } of replacements) {
      redacted = redacted.replaceAll(pattern, () => replacement);
    }
    return redacted.replaceAll(TOKENS, "(token)");
  };
}

/** `alice@example.com` as `a…@example.com`. */
export function shortAccount(account: string): string {
  const [name, ...domain] = account.split("@");
  const first = [...name][0] ?? "";
  return domain.length === 0 ? `${first}…` : `${first}…@${domain.join("@")}`;
}
