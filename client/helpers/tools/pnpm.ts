import { join } from "../../../shared/path.ts";
import { brand } from "../../../shared/brand.ts";
import { shellWord } from "../../../shared/shell_word.ts";
import { lineEdit } from "../edit/line_edit.ts";
import { type HostEntry, originOf } from "../host_list.ts";
import { foreignSetting, type Place, requirePlainPath, type Script, type Tool } from "../tool.ts";

/** Settings with which a registry already has credentials. */
const CREDENTIALS = ["_authToken", "_auth", "_password", "username", "tokenHelper"];

/** pnpm starts a tokenHelper without arguments: a script for each registry names it. */
export const pnpm: Tool = {
  name: "pnpm",
  perHost: true,
  plan(place) {
    const { env, home, hosts } = place;
    const path = env.NPM_CONFIG_USERCONFIG || env.npm_config_userconfig || join(home, ".npmrc");
    const check = (text: string) => {
      for (const line of text.split("\n")) {
        const key = line.split("=")[0].trim();
        const host = hosts.map(registryOf).find((registry) =>
          CREDENTIALS.some((name) =>
            [`//${registry}/:${name}`, `//${registry}:${name}`].includes(key)
          )
        );
        if (host !== undefined) throw foreignSetting(path, `credentials for ${host}`);
      }
    };
    const scripts = hosts.map((entry) => scriptFor(entry, place));
    const lines = hosts.map((entry, index) =>
      `//${registryOf(entry)}/:tokenHelper=${scripts[index].path}`
    );
    return Promise.resolve({
      edits: [lineEdit({ path, name: "pnpm", check, lines, place: "end" })],
      scripts,
    });
  },
};

function scriptFor(entry: HostEntry, { binFolder, program, os }: Place): Script {
  const windows = os === "windows";
  const name = `pnpm-token-${registryOf(entry).replaceAll(/[^a-z0-9.-]/g, "_")}`;
  const path = requirePlainPath(join(binFolder, windows ? `${name}.cmd` : name), "pnpm");
  const command = `auth pnpm ${originOf(entry)}`;
  return {
    path,
    text: windows
      ? `@"${program}" ${command}\r\n`
      : `#!/bin/sh\n# Written by ${brand.binaryName} auth install pnpm.\n` +
        `exec ${shellWord(program)} ${command}\n`,
  };
}

/** As npm's settings name a registry: without a scheme. */
function registryOf({ host }: HostEntry): string {
  return host.replace("http://", "");
}
