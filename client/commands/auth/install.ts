/** `auth install`, `auth uninstall` and `auth list`: credential helpers in the configuration of programs. */
import { resolve } from "../../../shared/path.ts";
import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { printTable, stateCell, type Table } from "../../../shared/table.ts";
import { ClientError } from "../../errors.ts";
import { readConfigFile } from "../../helpers/edit/config_file.ts";
import {
  changeHelpers,
  type HelperState,
  type InstalledHelper,
  readHelpers,
} from "../../helpers/helper_store.ts";
import {
  findInstalled,
  type Prepared,
  prepareInstall,
  prepareUninstall,
} from "../../helpers/install.ts";
import type { Tool } from "../../helpers/tool.ts";
import { isToolName, TOOL_NAMES, type ToolName } from "../../helpers/tool_names.ts";
import { loadTool } from "../../helpers/tools.ts";
import type { ClientIo } from "../../io.ts";

const bin = brand.binaryName;

export interface InstallOptions {
  /** Only show the changes. */
  print?: boolean;
  file?: string;
}

export async function installHelper(
  name: ToolName,
  options: InstallOptions,
  io: ClientIo,
): Promise<number> {
  const tool = await loadTool(name);
  const file = fileOf(tool, options);
  return await changeHelpers(io, async (state, save) => {
    const prepared = await prepareInstall(tool, file, state, io);
    if (options.print) return printSteps(prepared, io);
    await save(prepared.state);
    await runSteps(prepared, io);
    if (prepared.steps.length === 0) io.stderr(`${name} is configured already.\n`);
    if (state.hosts.length === 0) {
      io.stderr(
        `No host receives tokens yet. To add one, run: ${bin} auth hosts add HOST\n`,
      );
    }
    for (const note of prepared.notes) io.stderr(`${note}\n`);
    return EXIT.ok;
  });
}

export async function uninstallHelper(
  name: ToolName,
  options: InstallOptions,
  io: ClientIo,
): Promise<number> {
  const tool = await loadTool(name);
  const file = fileOf(tool, options);
  return await changeHelpers(io, async (state, save) => {
    const installed = findInstalled(state, name, file);
    if (installed === undefined) {
      io.stderr(`${name} is not configured by ${bin}: there is nothing to undo.\n`);
      return EXIT.ok;
    }
    const prepared = await prepareUninstall(tool, installed, state, io);
    if (options.print) return printSteps(prepared, io);
    await runSteps(prepared, io);
    // Recorded until all of it is undone.
    await save(prepared.state);
    if (prepared.steps.length === 0) io.stderr(`The changes for ${name} were undone already.\n`);
    return EXIT.ok;
  });
}

/** Configures the installed programs that name the hosts, after the list was changed. */
export async function followHosts(
  before: HelperState,
  save: (state: HelperState) => Promise<void>,
  io: ClientIo,
): Promise<void> {
  let state = before;
  for (const { name, file } of before.installed) {
    if (!isToolName(name)) continue;
    const tool = await loadTool(name);
    if (!tool.perHost) continue;
    try {
      const prepared = await prepareInstall(tool, file, state, io);
      await save(state = prepared.state);
      await runSteps(prepared, io);
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      io.stderr(`Warning: ${name} was not configured for the new list: ${error.message}\n`);
    }
  }
}

interface HelperRow {
  name: string;
  summary: string;
  helper: InstalledHelper | undefined;
  state: "installed" | "changed" | "not installed";
}

const TABLE: Table<HelperRow> = {
  columns: [
    { title: "Name", cell: ({ name }) => name },
    { title: "State", cell: ({ state }) => stateCell(state) },
    { title: "For", cell: ({ summary }) => summary, priority: 1 },
    {
      title: "Files",
      cell: ({ helper }) => helper?.changes.map(({ path }) => path).join(" ") || null,
      wideOnly: true,
    },
  ],
  toJson: ({ name, helper, state }) => ({
    name,
    state: state.replace(" ", "_"),
    file: helper?.file ?? null,
    files: helper?.changes.map(({ path }) => path) ?? [],
  }),
  empty: "",
};

export async function listHelpers(
  options: { json?: boolean; wide?: boolean },
  io: ClientIo,
): Promise<number> {
  const { installed } = await readHelpers(io);
  const rows: HelperRow[] = [];
  for (const [name, summary] of Object.entries(TOOL_NAMES)) {
    const helpers = installed.filter((helper) => helper.name === name);
    for (const helper of helpers) {
      rows.push({ name, summary, helper, state: await stateOf(helper) });
    }
    if (helpers.length === 0) {
      rows.push({ name, summary, helper: undefined, state: "not installed" });
    }
  }
  printTable(TABLE, rows, options, io);
  return EXIT.ok;
}

/** Whether everything that was installed is still there. */
async function stateOf({ changes }: InstalledHelper): Promise<HelperRow["state"]> {
  for (const change of changes) {
    const isThere = change.kind === "edit"
      ? await readConfigFile(change.path).then(
        (text = "") => change.inserted.every((part) => text.includes(part)),
        () => false,
      )
      : await Deno.stat(change.path).then(({ isFile }) => isFile, () => false);
    if (!isThere) return "changed";
  }
  return "installed";
}

async function runSteps({ steps }: Prepared, io: ClientIo): Promise<void> {
  for (const { path, done, run } of steps) {
    await run();
    io.stderr(`${done} ${path}\n`);
  }
}

function printSteps({ steps }: Prepared, io: ClientIo): number {
  if (steps.length === 0) io.stderr("Nothing has to be changed.\n");
  const marked = (sign: string, texts: readonly string[]) =>
    texts.flatMap((text) => text.replace(/^\r?\n/, "").trimEnd().split(/\r?\n/))
      .map((line) => `  ${sign} ${line}\n`).join("");
  for (const { path, added, removed } of steps) {
    io.stdout(`${path}\n${marked("-", removed)}${marked("+", added)}`);
  }
  return EXIT.ok;
}

/** The absolute path of the project's file, for programs that have one. */
function fileOf({ name, defaultFile }: Tool, { file }: InstallOptions): string | undefined {
  if (defaultFile !== undefined) return resolve(file ?? defaultFile);
  if (file === undefined) return undefined;
  throw new ClientError("invalid_option", `${name} has no file for each project: omit --file.`);
}
