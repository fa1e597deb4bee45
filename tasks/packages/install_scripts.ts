/** install.sh and install.ps1, from the scripts beside this file that have `@NAME@` for names. */
import { CHECKSUMS_FILE, PROVENANCE_FILE } from "../../shared/release.ts";
import { shellWord } from "../../shared/shell_word.ts";
import { type PackageDescription, WINDOWS_TARGET } from "./description.ts";

const scripts = new URL("scripts/", import.meta.url);

export async function installSh(description: PackageDescription): Promise<string> {
  const targets = [...description.archives.keys()].filter((target) => target !== WINDOWS_TARGET);
  return await fill("install.sh", { ...names(description), TARGETS: targets.join(" ") }, shellWord);
}

export async function installPs1(description: PackageDescription): Promise<string> {
  const quote = (text: string) => `'${text.replaceAll("'", "''")}'`;
  return await fill("install.ps1", { ...names(description), WINDOWS_TARGET }, quote);
}

function names(description: PackageDescription): Record<string, string> {
  return {
    NAME: description.binaryName,
    PRODUCT: description.productName,
    VERSION: description.version,
    RELEASE_URL: description.releaseUrl,
    REPOSITORY: description.repository,
    SIGNER_WORKFLOW: description.signerWorkflow,
    CHECKSUMS_FILE,
    PROVENANCE_FILE,
  };
}

async function fill(
  file: string,
  values: Record<string, string>,
  quote: (text: string) => string,
): Promise<string> {
  const script = await Deno.readTextFile(new URL(file, scripts));
  return script.replaceAll(/@([A-Z_0-9]+)@/g, (placeholder, key: string) => {
    // In a comment.
    if (key === "TITLE") return values.PRODUCT;
    if (!Object.hasOwn(values, key)) throw new Error(`${file}: ${placeholder} has no value.`);
    return quote(values[key]);
  });
}
