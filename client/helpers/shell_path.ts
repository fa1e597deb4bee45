/** The folder of links on PATH, by a line in the start-up file of the user's shell. */
import { basename, join } from "../../shared/path.ts";
import { lineEdit } from "./edit/line_edit.ts";
import type { Place, Plan } from "./tool.ts";

/** No edit if PATH has the folder already, by other means. */
export function pathPlan(place: Place): Pick<Plan, "edits" | "notes"> {
  const { env, os, binFolder } = place;
  if (os === "windows") {
    return { edits: [], notes: [`Add ${binFolder} to the Path of your account.`] };
  }
  const onPath = (env.PATH ?? "").split(":").includes(binFolder);
  const notes = onPath ? [] : [`Open a new shell, or run: ${exportLine(binFolder)}`];
  const [path, line] = startUpFile(place);
  const edit = lineEdit({
    path,
    name: "PATH",
    lines: [line],
    place: "end",
    shared: true,
    check() {},
  });
  return { edits: [edit], notes };
}

function startUpFile({ env, home, os, binFolder }: Place): [path: string, line: string] {
  const sh = exportLine(binFolder);
  switch (basename(env.SHELL || "sh")) {
    case "bash":
      // Terminals of macOS start login shells.
      return [join(home, os === "darwin" ? ".bash_profile" : ".bashrc"), sh];
    case "zsh":
      return [join(env.ZDOTDIR || home, ".zshrc"), sh];
    case "fish":
      return [
        join(env.XDG_CONFIG_HOME || join(home, ".config"), "fish", "config.fish"),
        `fish_add_path --path --move --prepend ${quoted(binFolder)}`,
      ];
    default:
      return [join(home, ".profile"), sh];
  }
}

function exportLine(folder: string): string {
  return `export PATH=${quoted(folder)}:"$PATH"`;
}

/** As one word for every shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
