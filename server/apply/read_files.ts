import { Buffer } from "node:buffer";
import { basename, extname, join } from "node:path";
import { sanitizeLine } from "../../shared/sanitize.ts";
import type { ConfigProblem } from "../config/problem.ts";
import type { ServerIo } from "../io.ts";
import { readDocument, type StateDocument } from "./read_document.ts";
import { type DeclaredState, isStateName, readState } from "./read_state.ts";

/** What files declare, and the name that stands for them. */
export interface NamedState extends DeclaredState {
  name: string;
}

const MAX_BYTES = 1024 * 1024;
const ENDINGS = [".toml", ".json"];
const STDIN = "standard input";

/** Reads all files; a folder stands for its files, in the order of their names. */
export async function readFiles(
  paths: readonly string[],
  named: string | undefined,
  io: ServerIo,
): Promise<NamedState | ConfigProblem[]> {
  const documents: StateDocument[] = [];
  const problems: ConfigProblem[] = [];
  for (const path of paths) {
    for (const file of await filesOf(path, problems)) {
      const text = await readFile(file, io);
      const document = typeof text === "string"
        ? readDocument(file === "-" ? STDIN : file, text)
        : text;
      if ("code" in document) problems.push(document);
      else documents.push(document);
    }
  }
  if (problems.length > 0) return problems;
  const state = readState(documents);
  if (state.problems.length > 0) return state.problems;
  const name = named ?? state.name ?? nameOf(paths);
  if (name === undefined || !isStateName(name)) {
    return [{
      code: "missing",
      subject: named === undefined ? "name" : "--name",
      message: named === undefined
        ? 'the files need a name, by which they manage what they declare: write name = "prod" ' +
          "into one of them, or use --name."
        : `"${sanitizeLine(named, 100)}" is not a valid name. Use up to 64 lowercase letters, ` +
          "digits and the characters . _ -",
    }];
  }
  return { ...state, name };
}

/** That of the only file, without its ending. */
function nameOf(paths: readonly string[]): string | undefined {
  if (paths.length !== 1 || paths[0] === "-") return undefined;
  const name = basename(paths[0], extname(paths[0]));
  return name === "." || name === ".." ? undefined : name;
}

async function filesOf(path: string, problems: ConfigProblem[]): Promise<string[]> {
  if (path === "-") return [path];
  try {
    if (!(await Deno.stat(path)).isDirectory) return [path];
    const names: string[] = [];
    for await (const { name, isFile, isSymlink } of Deno.readDir(path)) {
      // A Kubernetes ConfigMap is a folder of links.
      if ((isFile || isSymlink) && ENDINGS.includes(extname(name)) && !name.startsWith(".")) {
        names.push(name);
      }
    }
    if (names.length > 0) return names.sort().map((name) => join(path, name));
    problems.push({
      code: "missing",
      subject: path,
      message: "the folder has no .toml or .json file. Everything that was declared before would " +
        "be removed: to do that, name an empty file.",
    });
  } catch (error) {
    problems.push(unreadable(path, error));
  }
  return [];
}

async function readFile(path: string, io: ServerIo): Promise<string | ConfigProblem> {
  try {
    const text = path === "-" ? await io.readStdin() : await readBounded(path);
    if (text !== undefined && text.length <= MAX_BYTES) return text;
    return { code: "out_of_range", subject: path, message: "the file has more than 1 MB." };
  } catch (error) {
    return unreadable(path, error);
  }
}

/** Undefined if it is too large, however much there would be to read. */
async function readBounded(path: string): Promise<string | undefined> {
  using file = await Deno.open(path);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of file.readable) {
    chunks.push(chunk);
    if ((size += chunk.length) > MAX_BYTES) return undefined;
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

function unreadable(path: string, error: unknown): ConfigProblem {
  const message = error instanceof Deno.errors.NotFound
    ? "the file does not exist. Check the path."
    : error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable
    ? "it cannot be read. Check its permissions."
    : `it cannot be read: ${error instanceof Error ? error.message : String(error)}.`;
  return { code: "unreadable_file", subject: path, message };
}
