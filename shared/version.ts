import { brand } from "./brand.ts";
import { buildInfo } from "./build_info.ts";

/** Version of the program; a test holds it equal to deno.json's. */
export const version = "0.1.0";

/** What `--version` prints. */
export function versionText(): string {
  return `${brand.binaryName} ${version} (${buildInfo.commit}, Deno ${Deno.version.deno}, ` +
    `${Deno.build.os} ${Deno.build.arch})`;
}

/** As `version --json` prints it: docs/schemas/version.schema.json. */
export function versionJson() {
  const { os, arch } = Deno.build;
  return { version, commit: buildInfo.commit, deno: Deno.version.deno, os, arch };
}
