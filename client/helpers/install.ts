/**
 * `auth install` and `auth uninstall`: all changes are planned, then recorded, and only then
 * applied, so that they can be undone after a crash as well.
 */
import { join } from "../../shared/path.ts";
import { configFolder } from "../credentials/config_dir.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { readConfigFile, replaceConfigFile } from "./edit/config_file.ts";
import { applyInsertions, type Edit } from "./edit/edit.ts";
import { lineEditOf } from "./edit/line_edit.ts";
import {
  checkLink,
  checkScript,
  createLink,
  missingFolders,
  removeEmptyFolders,
  removeLink,
  removeScript,
  writeScript,
} from "./helper_files.ts";
import type { HelperState, InstalledChange, InstalledHelper } from "./helper_store.ts";
import { stableProgramPath } from "./program_path.ts";
import type { Place, Plan, Tool } from "./tool.ts";

type EditChange = Extract<InstalledChange, { kind: "edit" }>;

/** A change of one file, with the lines that `--print` shows. */
export interface Step {
  path: string;
  added: string[];
  removed: string[];
  done: "Changed" | "Restored" | "Created" | "Removed";
  run(): Promise<void>;
}

export interface Prepared {
  steps: Step[];
  notes: string[];
  /** The state to record before the steps run. */
  state: HelperState;
}

/** The folder of links and scripts, which start this program. */
export function binFolder(io: Pick<ClientIo, "env" | "platform">): string {
  return join(configFolder(io), "bin");
}

/** What has to change so that `tool` is configured for the hosts of `state`. */
export async function prepareInstall(
  tool: Tool,
  file: string | undefined,
  state: HelperState,
  io: ClientIo,
): Promise<Prepared> {
  const place = await placeFor(state, file, io);
  const plan = await tool.plan(place);
  const previous = findInstalled(state, tool.name, file);
  const others = state.installed.filter((helper) => helper !== previous);
  const edits = await prepareEdits(plan, tool, place, previous, others);
  const files = await prepareFiles(plan, place, previous, others);
  const installed: InstalledHelper = {
    name: tool.name,
    file,
    changes: [...edits.changes, ...files.changes],
  };
  return {
    steps: [...files.steps, ...edits.steps],
    notes: plan.notes ?? [],
    state: { ...state, installed: [...others, installed].sort(byName) },
  };
}

/** What has to change to undo `helper`. */
export async function prepareUninstall(
  tool: Tool,
  helper: InstalledHelper,
  state: HelperState,
  io: ClientIo,
): Promise<Prepared> {
  const place = await placeFor({ ...state, hosts: [] }, helper.file, io);
  const others = state.installed.filter((other) => other !== helper);
  const empty: Plan = { edits: [] };
  const edits = await prepareEdits(empty, tool, place, helper, others);
  const files = await prepareFiles(empty, place, helper, others);
  return {
    steps: [...edits.steps, ...files.steps],
    notes: [],
    state: { ...state, installed: others },
  };
}

export function findInstalled(
  { installed }: HelperState,
  name: string,
  file: string | undefined,
): InstalledHelper | undefined {
  return installed.find((helper) => helper.name === name && helper.file === file);
}

async function placeFor(
  { hosts }: HelperState,
  file: string | undefined,
  io: ClientIo,
): Promise<Place> {
  const home = io.platform.homeFolder;
  if (home === "") {
    throw new ClientError(
      "config_file",
      "This user has no home folder, where programs have their configuration. Set HOME.",
    );
  }
  const program = await stableProgramPath(io);
  const { env, platform: { os } } = io;
  return { hosts, program, binFolder: binFolder(io), home, file, env, os };
}

/** The edits of files: of those in the plan, and of those that the previous installation changed. */
async function prepareEdits(
  plan: Plan,
  tool: Tool,
  place: Place,
  previous: InstalledHelper | undefined,
  others: readonly InstalledHelper[],
): Promise<{ steps: Step[]; changes: EditChange[] }> {
  const steps: Step[] = [];
  const changes: EditChange[] = [];
  const recorded = editsOf(previous);
  const paths = [...new Set([...plan.edits, ...recorded].map(({ path }) => path))];
  for (const path of paths) {
    const edit = plan.edits.find((edit) => edit.path === path);
    const old = recorded.find((change) => change.path === path);
    const elsewhere = others.flatMap(editsOf)
      .find((change) => change.path === path && isShared(change, edit, old));
    const current = await readConfigFile(path);
    if (elsewhere !== undefined && (current ?? "").includes(elsewhere.inserted.join(""))) {
      // Another helper needs the same text.
      if (edit !== undefined) changes.push(elsewhere);
      continue;
    }
    const recordedText = old?.inserted ?? [];
    const remover = edit ?? await removerOf(tool, path, recordedText, place);
    const base = current === undefined ? "" : remover.remove(current, recordedText);
    const insertions = edit?.insert(base) ?? [];
    const text = applyInsertions(base, insertions);
    const inserted = insertions.map(({ text }) => text);
    const created = old?.created ?? current === undefined;
    const folders = old?.folders ?? await missingFolders(path);
    if (inserted.length > 0) changes.push({ kind: "edit", path, folders, inserted, created });
    const next = text === "" && (created || current === undefined) ? undefined : text;
    if (next === current) continue;
    steps.push({
      path,
      added: inserted,
      removed: recordedText,
      done: inserted.length > 0 ? "Changed" : "Restored",
      async run() {
        await replaceConfigFile(path, current, next);
        if (next === undefined) await removeEmptyFolders(folders);
      },
    });
  }
  return { steps, changes };
}

function editsOf(helper: InstalledHelper | undefined): EditChange[] {
  return helper?.changes.filter((change) => change.kind === "edit") ?? [];
}

function isShared(change: EditChange, edit: Edit | undefined, old: EditChange | undefined) {
  return edit?.shared || old?.inserted.join("") === change.inserted.join("");
}

/** The edit that knows the format of the file at `path`. */
async function removerOf(
  tool: Tool,
  path: string,
  inserted: readonly string[],
  place: Place,
): Promise<Edit> {
  // A tool that cannot be configured any more can still be restored.
  const plan = await tool.plan(place).catch((): Plan => ({ edits: [] }));
  const edit = plan.edits.find((edit) => edit.path === path);
  return edit ?? lineEditOf(path, inserted);
}

/** Links and scripts. One that several helpers need is removed with the last of them. */
async function prepareFiles(
  { links = [], scripts = [] }: Plan,
  { program, binFolder }: Place,
  previous: InstalledHelper | undefined,
  others: readonly InstalledHelper[],
): Promise<{ steps: Step[]; changes: InstalledChange[] }> {
  const steps: Step[] = [];
  const changes: InstalledChange[] = [];
  const recorded = [...previous?.changes ?? [], ...others.flatMap(({ changes }) => changes)];
  const isOwn = (path: string) => recorded.some((change) => change.path === path);
  const foldersFor = async (path: string) =>
    recorded.find((change) => change.path === path)?.folders ?? await missingFolders(path);
  for (const { folder, name } of links) {
    const path = join(folder, Deno.build.os === "windows" ? `${name}.exe` : name);
    changes.push({ kind: "link", path, folders: await foldersFor(path), program });
    if (await checkLink(path, program, isOwn(path))) continue;
    const added = [`link to ${program}`];
    steps.push({ path, added, removed: [], done: "Created", run: () => createLink(path, program) });
  }
  for (const { path, text } of scripts) {
    changes.push({ kind: "script", path, folders: await foldersFor(path), text });
    if (await checkScript(path, text, isOwn(path))) continue;
    steps.push({
      path,
      added: [text],
      removed: [],
      done: "Created",
      run: () => writeScript(path, text),
    });
  }
  const kept = new Set([...changes, ...others.flatMap(({ changes }) => changes)].map(pathOf));
  for (const change of previous?.changes ?? []) {
    if (change.kind === "edit" || kept.has(change.path)) continue;
    const { path, folders } = change;
    const isLink = change.kind === "link";
    steps.push({
      path,
      added: [],
      removed: [isLink ? `link to ${change.program}` : change.text],
      done: "Removed",
      async run() {
        await (isLink ? removeLink : removeScript)(path);
        await removeEmptyFolders([...folders, binFolder]);
      },
    });
  }
  return { steps, changes };
}

function pathOf({ path }: InstalledChange): string {
  return path;
}

function byName(a: InstalledHelper, b: InstalledHelper): number {
  const id = ({ name, file = "" }: InstalledHelper) => `${name} ${file}`;
  return id(a) < id(b) ? -1 : 1;
}
