/** pip and uv: both ask the program `keyring`. */
import { join } from "../../../shared/path.ts";
import { lineEdit, matchLine } from "../edit/line_edit.ts";
import { pathPlan } from "../shell_path.ts";
import { foreignSetting, type Place, type Plan, type Tool } from "../tool.ts";

const SETTING = "keyring-provider";

const USER_NOTE = "uv, and pip before version 26, need a user name in the address of the index: " +
  "https://USER@pypi.example.com/simple/";

export const pip: Tool = {
  name: "pip",
  perHost: false,
  async plan(place) {
    const path = await pipConfigPath(place);
    const lines = [`${SETTING} = subprocess`];
    return keyringPlan(place, { path, name: "pip", lines, table: "[global]" });
  },
};

export const uv: Tool = {
  name: "uv",
  perHost: false,
  plan(place) {
    const { env, home, os } = place;
    const folder = os === "windows"
      ? env.APPDATA || join(home, "AppData", "Roaming")
      : env.XDG_CONFIG_HOME || join(home, ".config");
    const path = join(folder, "uv", "uv.toml");
    const lines = [`${SETTING} = "subprocess"`];
    return Promise.resolve(keyringPlan(place, { path, name: "uv", lines }));
  },
};

/** The setting is written unless the file has it already. */
function keyringPlan(
  place: Place,
  { path, name, lines, table }: { path: string; name: string; lines: string[]; table?: string },
): Plan {
  const { edits, notes = [] } = pathPlan(place);
  const edit = lineEdit({
    path,
    name,
    lines,
    place: table === undefined ? "start" : { table },
    check() {},
  });
  const insert = (text: string) => {
    const value = matchLine(text, /^keyring[-_]provider\s*[=:]\s*"?([\w-]*)/)?.[1];
    if (value === "subprocess") return [];
    if (value !== undefined) throw foreignSetting(path, `the ${SETTING} ${value}`);
    return edit.insert(text);
  };
  return {
    edits: [{ ...edit, insert }, ...edits],
    links: [{ folder: place.binFolder, name: "keyring" }],
    notes: [USER_NOTE, ...notes],
  };
}

/** The file of the user (https://pip.pypa.io/en/stable/topics/configuration/#location). */
async function pipConfigPath({ env, home, os }: Place): Promise<string> {
  const exists = (path: string) => Deno.stat(path).then(() => true, () => false);
  if (os === "windows") {
    return join(env.APPDATA || join(home, "AppData", "Roaming"), "pip", "pip.ini");
  }
  const support = join(home, "Library", "Application Support", "pip");
  if (os === "darwin" && await exists(support)) return join(support, "pip.conf");
  const path = join(env.XDG_CONFIG_HOME || join(home, ".config"), "pip", "pip.conf");
  const old = join(home, ".pip", "pip.conf");
  return !await exists(path) && await exists(old) ? old : path;
}
