/** A second brand, and the search for names of the first one in what it gives users. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { brand } from "../../shared/brand.ts";

/** All names differ from those of shared/brand.ts. */
export const otherBrand = {
  ...brand,
  productName: "Acme Login",
  binaryName: "acmectl",
  envPrefix: "ACME",
  folderName: "acme-login",
  cliClientId: "acmectl",
  keychainService: "acmectl",
  tokenPrefixes: {
    personalAccessToken: "acme_",
    refreshToken: "acmer_",
    deviceCode: "acmed_",
    clientSecret: "acmec_",
    directoryToken: "acmes_",
  },
  release: {
    repository: "acme/acmectl",
    url: "https://github.com/acme/acmectl/releases",
    signerWorkflow: "acme/auth/.github/workflows/release-brand.yml",
    maintainer: "Acme <security@acme.example>",
    npmScope: "acme",
  },
};

/** Writes `brand.ts` to `folder` and returns its path. */
export async function writeOtherBrand(folder: string): Promise<string> {
  const path = join(folder, "brand.ts");
  await Deno.writeTextFile(path, `export const brand = ${JSON.stringify(otherBrand)} as const;\n`);
  return path;
}

/** Every old name, in any case. */
const traces = new RegExp(
  [
    ...new Set([
      brand.productName,
      brand.binaryName,
      brand.envPrefix,
      brand.folderName,
      brand.cliClientId,
      brand.keychainService,
      ...Object.values(brand.tokenPrefixes).map((prefix) => `\\b${prefix}`),
    ]),
  ].join("|"),
  "i",
);

/** Fails if a text has a name of the first brand. */
export function assertClean(where: string, text: string): void {
  const trace = traces.exec(text);
  if (trace === null) return;
  const around = text.slice(Math.max(0, trace.index - 80), trace.index + 80);
  assert.fail(`${where} says ${trace[0]}: …${around}…`);
}
