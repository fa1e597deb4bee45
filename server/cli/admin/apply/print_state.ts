import { EXIT } from "../../../../shared/exit_codes.ts";
import { isStateName } from "../../../apply/read_state.ts";
import { writeState } from "../../../apply/write_state.ts";
import type { ServerIo } from "../../../io.ts";
import { reportUsage } from "../../failure.ts";
import { databaseOf, type DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";

/** `admin apply --print`: what the server has, as a file to begin with. */
export async function printState(
  { name = "default", ...rest }: DatabaseOptions & { name?: string },
  io: ServerIo,
): Promise<number> {
  if (!isStateName(name)) {
    return reportUsage(
      "--name: use up to 64 lowercase letters, digits and the characters . _ -",
      io,
    );
  }
  const options = databaseOf(rest);
  return await adminCommand("exportState", { name }, options, io, ({ things }) => {
    io.stdout(writeState(name, things));
    return EXIT.ok;
  });
}
