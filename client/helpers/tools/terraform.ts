import { join } from "../../../shared/path.ts";
import { brand } from "../../../shared/brand.ts";
import { lineEdit, matchLine } from "../edit/line_edit.ts";
import { foreignSetting, type Place, type Tool } from "../tool.ts";

export const terraform: Tool = {
  name: "terraform",
  perHost: false,
  async plan(place) {
    const { home, env, os } = place;
    const folder = os === "windows"
      ? join(env.APPDATA || join(home, "AppData", "Roaming"), "terraform.d")
      : join(home, ".terraform.d");
    const lines = [`credentials_helper "${brand.binaryName}" {`, "  args = []", "}"];
    return {
      edits: (await configPaths(place)).map((path) => {
        const check = (text: string) => {
          // Only one block is allowed.
          if (matchLine(text, /^credentials_helper\b/)) {
            throw foreignSetting(path, "a credentials_helper");
          }
        };
        return lineEdit({ path, name: "terraform", check, lines, place: "end" });
      }),
      links: [{
        folder: join(folder, "plugins"),
        name: `terraform-credentials-${brand.binaryName}`,
      }],
    };
  },
};

/** OpenTofu reads its own file if there is one, else Terraform's. */
async function configPaths({ env, home, os }: Place): Promise<string[]> {
  const named = env.TF_CLI_CONFIG_FILE || env.TERRAFORM_CONFIG;
  if (named) return [named];
  if (os === "windows") {
    const folder = env.APPDATA || join(home, "AppData", "Roaming");
    return await withExisting(join(folder, "terraform.rc"), join(folder, "tofu.rc"));
  }
  return await withExisting(join(home, ".terraformrc"), join(home, ".tofurc"));
}

async function withExisting(path: string, other: string): Promise<string[]> {
  return await Deno.stat(other).then(() => [path, other], () => [path]);
}
