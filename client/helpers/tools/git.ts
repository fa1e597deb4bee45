import { join } from "../../../shared/path.ts";
import { shellWord } from "../../../shared/shell_word.ts";
import { lineEdit } from "../edit/line_edit.ts";
import { type HostEntry, originOf } from "../host_list.ts";
import { foreignSetting, type Place, type Tool } from "../tool.ts";

/** A section for each host (gitcredentials(7)). */
export const git: Tool = {
  name: "git",
  perHost: true,
  async plan(place) {
    const path = await configPath(place);
    const command = gitValue(
      `!${shellWord(place.program.replaceAll("\\", "/"))} auth git-credential`,
    );
    const lines = place.hosts.flatMap((entry) => [
      `[credential "${originOf(entry)}"]`,
      // Helpers for all hosts are not asked, and cannot store the token.
      "\thelper =",
      `\thelper = ${command}`,
    ]);
    const check = (text: string) => rejectForeignHelper(text, place.hosts, path);
    return { edits: [lineEdit({ path, name: "git", check, lines, place: "end" })] };
  },
};

/** The file that `git config --global` writes. */
async function configPath({ env, home }: Place): Promise<string> {
  if (env.GIT_CONFIG_GLOBAL) return env.GIT_CONFIG_GLOBAL;
  const own = join(home, ".gitconfig");
  const xdg = join(env.XDG_CONFIG_HOME || join(home, ".config"), "git", "config");
  const exists = (path: string) => Deno.stat(path).then(() => true, () => false);
  return !await exists(own) && await exists(xdg) ? xdg : own;
}

function rejectForeignHelper(text: string, hosts: readonly HostEntry[], path: string): void {
  const sections = new Map(hosts.map((entry) => [originOf(entry), entry.host]));
  let host: string | undefined;
  for (const line of text.split("\n")) {
    const header = /^\s*\[\s*(\w+)(?:\s+"([^"]*)")?\s*\]/.exec(line);
    if (header !== null) {
      const [, section, address = ""] = header;
      host = section.toLowerCase() === "credential"
        ? sections.get(address.replace(/\/$/, ""))
        : undefined;
    }
    if (host !== undefined && /(?:^|\])\s*helper\s*=/i.test(line)) {
      throw foreignSetting(path, `a credential helper for ${host}`);
    }
  }
}

/** A value in git's configuration. */
function gitValue(text: string): string {
  return /["\\#;]/.test(text) ? `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"` : text;
}
