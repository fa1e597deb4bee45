import { Buffer } from "node:buffer";
import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { printTable, type Table, type TableOptions } from "../../../shared/table.ts";
import type { ListedTokenFormat } from "../../admin/token_format_operations.ts";
import type { ServerIo } from "../../io.ts";
import { reportUsage } from "../failure.ts";
import type { DatabaseOptions } from "../options.ts";
import { adminCommand } from "./command.ts";
import { withOption } from "./with_option.ts";

type AddOptions = DatabaseOptions & { pattern: string; hash: string; hashKeyFile?: string };

/** `admin token-format add`. */
export async function adminTokenFormatAdd(
  name: string,
  { pattern, hash, hashKeyFile, ...options }: AddOptions,
  io: ServerIo,
): Promise<number> {
  const key = hashKeyFile === undefined ? undefined : await readKey(hashKeyFile, io);
  if (typeof key === "string") return reportUsage(key, io);
  const params = { name, pattern, hash, key: key && Buffer.from(key).toString("base64") };
  return await adminCommand("addTokenFormat", params, options, io, () => {
    io.stdout(
      `Added ${name}. To import tokens of it, run: ${brand.binaryName} admin import tokens FILE ` +
        `--token-format ${name}\n`,
    );
    return EXIT.ok;
  }, {
    describe: (error) =>
      withOption(error, { pattern: "--pattern", hash: "--hash", key: "--hash-key-file" }),
  });
}

/** The bytes of the file, or a message. A line break at its end is of the editor. */
async function readKey(path: string, io: ServerIo): Promise<Uint8Array | string> {
  try {
    const text = path === "-" ? await io.readStdin() : await Deno.readTextFile(path);
    return new TextEncoder().encode(text.replace(/\r?\n$/, ""));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      return `--hash-key-file: there is no file ${path}. Name a file, or use - for standard input.`;
    }
    if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable) {
      return `--hash-key-file: ${path} cannot be read. Check its permissions.`;
    }
    throw error;
  }
}

const FORMATS: Table<ListedTokenFormat> = {
  columns: [
    { title: "NAME", cell: ({ name }) => name },
    { title: "PATTERN", cell: ({ pattern }) => pattern, flexible: true, priority: 1 },
    { title: "HASH", cell: ({ hash }) => hash, priority: 2 },
    { title: "ACTIVE TOKENS", cell: ({ tokens }) => String(tokens) },
  ],
  toJson: (format) => format,
  empty: "There are no formats of tokens of other systems. To add one, run: " +
    `${brand.binaryName} admin token-format add NAME --pattern PATTERN --hash sha256`,
};

/** `admin token-format list`. */
export async function adminTokenFormatList(
  { json, wide, ...options }: DatabaseOptions & TableOptions,
  io: ServerIo,
): Promise<number> {
  return await adminCommand("listAllTokenFormats", {}, options, io, (formats) => {
    printTable(FORMATS, formats, { json, wide }, io);
    return EXIT.ok;
  });
}

/** `admin token-format remove`. */
export async function adminTokenFormatRemove(
  name: string,
  { force, ...options }: DatabaseOptions & { force?: boolean },
  io: ServerIo,
): Promise<number> {
  return await adminCommand("removeTokenFormat", { name, force }, options, io, ({ tokens }) => {
    io.stdout(
      `Removed ${name}.` +
        (tokens === 0 ? "" : ` Its ${tokens} active tokens are not accepted any more.`) + "\n",
    );
    return EXIT.ok;
  });
}
