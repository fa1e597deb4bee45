/** A program that `auth install` configures. */
import type { ClientIo } from "../io.ts";
import { ClientError } from "../errors.ts";
import type { Edit } from "./edit/edit.ts";
import type { HostEntry } from "./host_list.ts";
import type { ToolName } from "./tool_names.ts";

export interface Tool {
  /** As typed: `auth install NAME`. */
  name: ToolName;
  /** Whether its configuration names the hosts, and has to follow the list. */
  perHost: boolean;
  /** Whether it has a configuration file for each project, which `--file` names. */
  defaultFile?: string;
  plan(place: Place): Promise<Plan>;
}

/** Where a tool is configured. */
export interface Place {
  hosts: readonly HostEntry[];
  /** The path of this program. */
  program: string;
  /** The folder of links to this program. */
  binFolder: string;
  /** The home folder. */
  home: string;
  /** The file that `--file` names. */
  file?: string;
  env: ClientIo["env"];
  os: string;
}

export interface Plan {
  edits: Edit[];
  links?: Link[];
  scripts?: Script[];
  /** What the user has to know or do. */
  notes?: string[];
}

/** A link to this program, under a name from HELPER_PROGRAMS. */
export interface Link {
  folder: string;
  name: string;
}

export interface Script {
  path: string;
  text: string;
}

/** A setting of the user or of another program where our setting belongs. */
export function foreignSetting(path: string, setting: string): ClientError {
  return new ClientError(
    "foreign_setting",
    `${path} already has ${setting}, which this command does not change. ` +
      `Remove it, then run the command again.`,
  );
}

/** For configurations in which a path ends at a blank or a quotation mark. */
export function requirePlainPath(path: string, program: string): string {
  if (/^[\w@%+=:,./\\-]+$/.test(path)) return path;
  throw new ClientError(
    "config_file",
    `${program} cannot start a helper with the path ${path}, because of the special characters ` +
      `in it.`,
  );
}
