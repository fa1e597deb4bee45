import { EXIT } from "../../../../shared/exit_codes.ts";
import type { ServerIo } from "../../../io.ts";
import { reportUsage } from "../../failure.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";
import { withOption } from "../with_option.ts";

export interface ScimUpdateOptions extends DatabaseOptions {
  allowDomain?: string[];
  /** Checked by commander. */
  clear?: string[];
}

export async function adminScimUpdate(
  name: string,
  { allowDomain, clear, ...database }: ScimUpdateOptions,
  io: ServerIo,
): Promise<number> {
  if (allowDomain === undefined && clear === undefined) {
    return reportUsage("Nothing to change. Use --allow-domain or --clear allow-domain.", io);
  }
  if (allowDomain !== undefined && clear !== undefined) {
    return reportUsage("--allow-domain and --clear allow-domain exclude each other.", io);
  }
  const params = { name, domains: allowDomain ?? [] };
  return await adminCommand("updateDirectory", params, database, io, ({ domains }) => {
    io.stdout(
      domains.length === 0
        ? `Updated ${name}. It creates accounts of any mail domain and takes over none.\n`
        : `Updated ${name}. It provisions accounts of ${domains.join(", ")} only.\n`,
    );
    return EXIT.ok;
  }, { describe: (error) => withOption(error, { domains: "--allow-domain" }) });
}
