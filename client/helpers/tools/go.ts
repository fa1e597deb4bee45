import { join } from "../../../shared/path.ts";
import { brand } from "../../../shared/brand.ts";
import { ClientError } from "../../errors.ts";
import { lineEdit, matchLine } from "../edit/line_edit.ts";
import { foreignSetting, type Place, type Tool } from "../tool.ts";

/** The file that `go env -w` writes. */
export const go: Tool = {
  name: "go",
  perHost: false,
  plan(place) {
    const path = configPath(place);
    const command = `${goWord(place.program)} auth goauth`;
    if (place.env.GOAUTH) {
      throw new ClientError(
        "foreign_setting",
        `The variable GOAUTH is set, which go prefers to its configuration. Unset it, or append ` +
          `this to it: ; ${command}`,
      );
    }
    const check = (text: string) => {
      if (matchLine(text, /^GOAUTH=/)) throw foreignSetting(path, "a value of GOAUTH");
    };
    // `netrc` is the default, which stays in use.
    const lines = [`GOAUTH=netrc; ${command}`];
    return Promise.resolve({
      edits: [lineEdit({ path, name: "go", check, lines, place: "end" })],
      notes: [`To see why go got no token, add -x: go get -x. Set GOPRIVATE for your modules.`],
    });
  },
};

function configPath({ env, home, os }: Place): string {
  if (env.GOENV === "off") {
    throw new ClientError(
      "foreign_setting",
      `GOENV=off: go reads no configuration. Unset it, then run the command again, or set GOAUTH ` +
        `as \`${brand.binaryName} auth install go --print\` shows it.`,
    );
  }
  if (env.GOENV) return env.GOENV;
  const folder = os === "darwin"
    ? join(home, "Library", "Application Support")
    : os === "windows"
    ? env.APPDATA || join(home, "AppData", "Roaming")
    : env.XDG_CONFIG_HOME || join(home, ".config");
  return join(folder, "go", "env");
}

/** A word of a command in GOAUTH, where commands end at a semicolon. */
function goWord(text: string): string {
  if (!/[\s"']/.test(text) && !text.includes(";")) return text;
  const quote = ["'", '"'].find((quote) => !text.includes(quote));
  if (quote !== undefined && !text.includes(";")) return `${quote}${text}${quote}`;
  throw new ClientError(
    "config_file",
    `GOAUTH cannot contain the path ${text}, because of the special characters in it.`,
  );
}
