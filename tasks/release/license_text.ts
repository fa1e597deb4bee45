/** The license text that a package carries. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BundledPackage } from "./bundled_packages.ts";

/**
 * Packages without the text, reviewed one by one: where its publisher has it, and our copy of it in
 * `licenses/`. With another version, review again.
 */
const REVIEWED: Record<string, { source: string; file: string }> = {
  "@sigstore/verify@3.1.1": {
    source: "https://github.com/sigstore/sigstore-js/blob/%40sigstore%2Fverify%403.1.1/LICENSE",
    file: "sigstore.txt",
  },
  "postgres@3.4.9": {
    source: "https://github.com/porsager/postgres/blob/v3.4.9/UNLICENSE",
    file: "unlicense.txt",
  },
};

/** Licenses and the notices that some ask to keep, at the top of a package. */
const LICENSE_FILE = /^(?:licen[cs]e|unlicense|copying|copyright|notice)/i;

/** Texts of all its license files. Throws if a package has none and is not reviewed. */
export async function licenseText(
  { name, version, folder }: Pick<BundledPackage, "name" | "version" | "folder">,
): Promise<string> {
  const names = Array.from(Deno.readDirSync(folder))
    .filter((entry) => entry.isFile && LICENSE_FILE.test(entry.name))
    .map((entry) => entry.name)
    .sort();
  const texts = await Promise.all(names.map((file) => Deno.readTextFile(join(folder, file))));
  const text = texts.map((content) => content.replaceAll("\r\n", "\n").trim()).join("\n\n");
  if (text !== "") return text;
  const reviewed = REVIEWED[`${name}@${version}`];
  if (reviewed === undefined) {
    throw new Error(
      `${name}@${version} has no license file. See tasks/release/license_text.ts`,
    );
  }
  return await Deno.readTextFile(
    fileURLToPath(new URL(`licenses/${reviewed.file}`, import.meta.url)),
  );
}
