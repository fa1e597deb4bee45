import { brand } from "./brand.ts";
import { buildInfo } from "./build_info.ts";

/** Version of the program; a test holds it equal to deno.json's. */
export const version = "0.1.0";

/** What `--version` prints. */
export function versionText(): string {
  return `${brand.binaryName} ${version} (${buildInfo.commit}, Deno ${Deno.version.deno}, ` +
    `${Deno.build.os} ${Deno.build.arch})`;
}
