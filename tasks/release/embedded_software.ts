/**
 * What the program contains beside npm packages, with the license texts in `licenses/`. Review the
 * list with each new version of PGlite or Deno.
 */
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { lockedPackage, npmPackageFolder } from "../npm_package.ts";
import { pinnedDeno } from "../pinned_deno.ts";

const folder = fileURLToPath(new URL("licenses/", import.meta.url));

export interface EmbeddedSoftware {
  name: string;
  /** Where its publisher does not name one in what we embed, there is none. */
  version?: string;
  /** An SPDX expression. */
  license: string;
  url: string;
  /** Sentences before the license text. */
  note?: string;
  text: string;
}

/** File with the license text, by name of the software. */
const TEXTS: Record<string, string> = {
  Deno: "deno.txt",
  V8: "v8.txt",
  PostgreSQL: "postgresql.txt",
  ICU: "icu.txt",
  libxml2: "libxml2.txt",
  zlib: "zlib.txt",
  Emscripten: "emscripten.txt",
  musl: "musl.txt",
  SecLists: "seclists.txt",
};

export async function embeddedSoftware(): Promise<EmbeddedSoftware[]> {
  const deno = await pinnedDeno();
  const pglite = await npmPackageFolder(await lockedPackage("@electric-sql/pglite"));
  const wasm = await Deno.readFile(join(pglite, "dist", "pglite.wasm"));
  const list: Omit<EmbeddedSoftware, "text">[] = [
    {
      name: "Deno",
      version: deno,
      license: "MIT",
      url: "https://github.com/denoland/deno",
      note:
        "The runtime that the program is compiled with. It contains Rust crates and C libraries " +
        "under their own licenses, which its sources list: " +
        `https://github.com/denoland/deno/blob/v${deno}/Cargo.lock`,
    },
    {
      name: "V8",
      license: "BSD-3-Clause",
      url: "https://v8.dev",
      note: "The JavaScript engine of Deno.",
    },
    {
      name: "PostgreSQL",
      version: postgresVersion(wasm),
      license: "PostgreSQL",
      url: "https://www.postgresql.org",
      note: "Compiled to WebAssembly in @electric-sql/pglite, with the libraries below.",
    },
    { name: "ICU", license: "Unicode-3.0", url: "https://icu.unicode.org" },
    { name: "libxml2", license: "MIT", url: "https://gitlab.gnome.org/GNOME/libxml2" },
    { name: "zlib", license: "Zlib", url: "https://zlib.net" },
    { name: "Emscripten", license: "MIT", url: "https://emscripten.org" },
    { name: "musl", license: "MIT", url: "https://musl.libc.org" },
    {
      name: "SecLists",
      license: "MIT",
      url: "https://github.com/danielmiessler/SecLists",
      note: "The common passwords that are rejected.",
    },
  ];
  return await Promise.all(list.map(async (software) => ({
    ...software,
    text: await Deno.readTextFile(join(folder, TEXTS[software.name])),
  })));
}

/** Of PGlite's build, which names it as `SELECT version()` does. */
export function postgresVersion(wasm: Uint8Array): string {
  const version = /PostgreSQL (\d+\.\d+) \(PGlite/.exec(new TextDecoder("latin1").decode(wasm));
  if (version === null) throw new Error("pglite.wasm does not name its version of PostgreSQL");
  return version[1];
}
