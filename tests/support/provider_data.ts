/** What the tests know of each provider: tests/data/identity_tokens/NAME.json. */
import type { Claims } from "../../server/federation/condition.ts";

export interface ProviderData {
  /** Where the claims are documented. */
  source: string;
  claims: Claims;
  rules: {
    /** Conditions that each of these rules has besides its own. */
    alsoRequires?: string[];
    /** Rules that trust one customer; conditions as `--condition` takes them. */
    safe: (string | string[])[];
    /** Rules that trust workloads of others. */
    risky: (string | string[])[];
  };
  /** Environments that the provider gives its jobs. */
  jobs?: { name: string; env: Record<string, string>; hasIdentity: boolean }[];
  /** The command that a refused job suggests, where its claims differ in these from the documented. */
  trustCommands?: { claims: Record<string, unknown>; command: string }[];
}

export async function providerData(name: string): Promise<ProviderData> {
  const file = new URL(`../data/identity_tokens/${name}.json`, import.meta.url);
  return JSON.parse(await Deno.readTextFile(file));
}
