import { brand } from "../../../shared/brand.ts";
import { shellWord } from "../../../shared/shell_word.ts";
import { jsonEdit, type JsonSetting } from "../edit/json_edit.ts";
import { findHost, parseRequestedHost } from "../host_list.ts";
import { foreignSetting, type Tool } from "../tool.ts";

const SERVERS = "mcpServers";
const KEY = "headersHelper";

/** The name of the program, not its path: the file is usually shared by a project. */
const COMMAND = `${brand.binaryName} auth headers `;

export const claudeCode: Tool = {
  name: "claude-code",
  perHost: true,
  defaultFile: ".mcp.json",
  plan({ file, hosts }) {
    const path = file!;
    const edit = jsonEdit({
      path,
      settings: (document) =>
        Object.entries(Object(Object(document)[SERVERS])).flatMap(
          ([name, server]): JsonSetting[] => {
            const { url, [KEY]: helper } = Object(server);
            if (typeof url !== "string") return [];
            const requested = parseRequestedHost(url);
            // Another server of the project is not ours to configure.
            if (!hosts.some((entry) => isFor(entry.host, requested))) return [];
            // A query may contain a secret, which other users would see in the list of processes.
            const { origin, pathname } = new URL(url);
            const value = COMMAND + shellWord(origin + pathname);
            if (helper === value) return [];
            if (helper !== undefined) throw foreignSetting(path, `a ${KEY} for ${name}`);
            return [{ path: [SERVERS, name], key: KEY, value }];
          },
        ),
      isOwn: ([servers], key, value) =>
        servers === SERVERS && key === KEY && typeof value === "string" &&
        value.startsWith(COMMAND),
    });
    return Promise.resolve({ edits: [edit] });
  },
};

function isFor(host: string, requested: ReturnType<typeof parseRequestedHost>): boolean {
  try {
    return findHost([{ host }], requested) !== undefined;
  } catch {
    // Over plain http: it gets no token.
    return false;
  }
}
