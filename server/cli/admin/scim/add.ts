import { brand } from "../../../../shared/brand.ts";
import { EXIT } from "../../../../shared/exit_codes.ts";
import { formatJson } from "../../../../shared/sanitize.ts";
import type { ServerIo } from "../../../io.ts";
import { generateDirectoryToken } from "../../../tokens/directory_token.ts";
import type { DatabaseOptions } from "../../options.ts";
import { printOnce } from "../client/print_once.ts";
import { adminCommand } from "../command.ts";
import { withOption } from "../with_option.ts";

export interface ScimAddOptions extends DatabaseOptions {
  allowDomain?: string[];
  json?: boolean;
}

/**
 * `admin scim add`. Without --json, standard output has only the token, for a pipe into a vault. A
 * directory whose token could not be written is removed, since nothing could use it.
 */
export async function adminScimAdd(
  name: string,
  { allowDomain = [], json, ...database }: ScimAddOptions,
  io: ServerIo,
): Promise<number> {
  const { token, hash, prefix } = generateDirectoryToken();
  let lost: string | undefined;
  const params = { name, domains: allowDomain, tokenHash: hash, tokenPrefix: prefix };
  const code = await adminCommand("addDirectory", params, database, io, ({ url }) => {
    io.stderr(
      `Connected ${name}. Enter this URL and the token in the directory:\n  ${url}\n` +
        "The token follows. It is not shown again.\n",
    );
    lost = printOnce(json ? formatJson({ name, url, token }) : `${token}\n`, io);
    return lost === undefined ? EXIT.ok : EXIT.failure;
  }, { describe: (error) => withOption(error, { domains: "--allow-domain" }) });
  if (lost !== undefined) await removeLost(name, lost, database, io);
  return code;
}

async function removeLost(
  name: string,
  reason: string,
  options: DatabaseOptions,
  io: ServerIo,
): Promise<void> {
  io.stderr(`Error: the token of ${name} could not be printed: ${reason}.\n`);
  const code = await adminCommand("removeDirectory", { name }, options, io, () => {
    io.stderr("The directory was removed. Fix standard output and try again.\n");
    return EXIT.ok;
  }, { isSecond: true });
  if (code === EXIT.ok) return;
  io.stderr(
    `The directory still exists. To remove it, run: ${brand.binaryName} admin scim remove ${name}\n`,
  );
}
