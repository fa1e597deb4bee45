import { EXIT } from "../../../../shared/exit_codes.ts";
import { sanitizeLine } from "../../../../shared/sanitize.ts";
import type { ServerIo } from "../../../io.ts";
import { databaseOf, type DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";

/** `admin apply --release`: things that files no longer manage. */
export async function releaseThings(
  things: string[],
  options: DatabaseOptions,
  io: ServerIo,
): Promise<number> {
  return await adminCommand(
    "releaseManaged",
    { things },
    databaseOf(options),
    io,
    ({ released }) => {
      for (const { kind, name, file } of released) {
        io.stdout(`Released ${kind} ${sanitizeLine(name, 100)}, which the file ${file} managed.\n`);
      }
      io.stderr("Remove it from the file as well: applying it would ask to adopt it again.\n");
      return EXIT.ok;
    },
  );
}
