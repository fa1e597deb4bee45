import { join } from "../../../shared/path.ts";
import { brand } from "../../../shared/brand.ts";
import { lineEdit, matchLine } from "../edit/line_edit.ts";
import { foreignSetting, requirePlainPath, type Tool } from "../tool.ts";

const PROVIDERS = "global-credential-providers";

export const cargo: Tool = {
  name: "cargo",
  perHost: false,
  async plan({ env, home, binFolder }) {
    const folder = env.CARGO_HOME || join(home, ".cargo");
    // Cargo prefers the older name if both exist.
    const old = join(folder, "config");
    const isOld = await Deno.stat(old).then(({ isFile }) => isFile, () => false);
    const path = isOld ? old : join(folder, "config.toml");
    const name = `cargo-credential-${brand.binaryName}`;
    const provider = requirePlainPath(join(binFolder, name), "Cargo").replaceAll("\\", "/");
    const check = (text: string) => {
      if (matchLine(text, /^(?:registry\s*\.\s*)?"?global-credential-providers"?\s*=/)) {
        throw foreignSetting(path, `a value of ${PROVIDERS}`);
      }
      if (matchLine(text, /^registry\s*[=.]/)) {
        throw foreignSetting(path, "the key registry in place of the table [registry]");
      }
    };
    // Cargo asks the last one first. `cargo:token` is the default, which stays in use.
    const lines = [`${PROVIDERS} = ["cargo:token", "${provider}"]`];
    return {
      edits: [lineEdit({ path, name: "cargo", check, lines, place: { table: "[registry]" } })],
      links: [{ folder: binFolder, name }],
    };
  },
};
