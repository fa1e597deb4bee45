/** Settings whose value is in a file of their own, such as `secret_key_file`. */
import type { ServerIo } from "../io.ts";
import { secretFileProblem } from "./file_permissions.ts";
import type { SettingSource } from "./gather.ts";
import type { ConfigProblem } from "./problem.ts";
import type { SettingName } from "./schema.ts";

/** Far above any secret; a file that is larger was meant for something else. */
const MAX_BYTES = 64 * 1024;
/** systemd sets it for units with LoadCredential= or SetCredential=. */
const CREDENTIALS = "CREDENTIALS_DIRECTORY";

/**
 * Reads the files that settings name. The result has their contents as values. What cannot be read
 * is a problem, and its setting is marked as unreadable.
 */
export async function readSecretFiles(
  sources: ReadonlyMap<SettingName, SettingSource>,
  io: Pick<ServerIo, "env">,
): Promise<{ sources: Map<SettingName, SettingSource>; problems: ConfigProblem[] }> {
  const read = new Map(sources);
  const problems: ConfigProblem[] = [];
  for (const [subject, { file, source }] of sources) {
    if (file === undefined) continue;
    const content = await readSecretFile(file, io.env);
    if (typeof content === "string") {
      read.set(subject, { text: content, source: `${file}, named by ${source}` });
      continue;
    }
    problems.push({ ...content, subject, source });
    // Its text must not count as the value, nor its default.
    read.set(subject, { text: "", source, unreadable: true });
  }
  return { sources: read, problems };
}

/** The content without the line break at its end, or why it cannot be used. */
export async function readSecretFile(
  file: string,
  env: Record<string, string>,
  /** For what is read once, and not at each start. */
  { anyPermissions = false } = {},
): Promise<string | Pick<ConfigProblem, "code" | "message">> {
  const unreadable = (message: string) => ({ code: "unreadable_file", message }) as const;
  const path = expand(file, env);
  if (path === undefined) {
    return unreadable(
      `${file}: ${CREDENTIALS} is not set. systemd sets it for a unit with LoadCredential=; ` +
        "elsewhere, name the file by its path.",
    );
  }
  try {
    const info = await Deno.stat(path);
    // A pipe is what a shell passes for <(command).
    if (!info.isFile && !(info.isFifo && path.startsWith("/dev/fd/"))) {
      return unreadable(`${path} is not a file. Name the file that has the value.`);
    }
    if (info.size > MAX_BYTES) {
      return unreadable(`${path} has more than ${MAX_BYTES} bytes. Name the file of the secret.`);
    }
    const isChecked = info.isFile && !anyPermissions;
    const permissions = isChecked ? await secretFileProblem(path) : undefined;
    if (permissions !== undefined) return { code: "insecure_permissions", message: permissions };
    const bytes = await Deno.readFile(path);
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes).replace(/\r?\n$/, "");
    if (text === "") return unreadable(`${path} is empty. Write the value to it.`);
    if (text.includes("\0")) return unreadable(`${path} is not a text file.`);
    return text;
  } catch (error) {
    if (error instanceof TypeError) return unreadable(`${path} is not a text file in UTF-8.`);
    if (error instanceof Deno.errors.NotFound) {
      return unreadable(`there is no file ${path}. Create it, or correct the path.`);
    }
    if (error instanceof Deno.errors.PermissionDenied) {
      return unreadable(
        `this user is not allowed to read ${path}. Make it readable for the user of the server.`,
      );
    }
    return unreadable(`${path} cannot be read: ${(error as Error).message}.`);
  }
}

/** Undefined if the folder of systemd's credentials is not known. */
function expand(file: string, env: Record<string, string>): string | undefined {
  for (const prefix of [`$${CREDENTIALS}/`, `\${${CREDENTIALS}}/`]) {
    if (!file.startsWith(prefix)) continue;
    const folder = env[CREDENTIALS];
    return folder ? `${folder}/${file.slice(prefix.length)}` : undefined;
  }
  return file;
}
