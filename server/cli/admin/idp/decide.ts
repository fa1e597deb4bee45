import { EXIT } from "../../../../shared/exit_codes.ts";
import { sanitizeLine } from "../../../../shared/sanitize.ts";
import type { ServerIo } from "../../../io.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";

export async function adminIdpDecide(
  { request, approve }: { request: string; approve: boolean },
  options: DatabaseOptions,
  io: ServerIo,
): Promise<number> {
  return approve
    ? await adminCommand("approveQueuedSignIn", { request }, options, io, ({ email, provider }) => {
      io.stdout(
        `Approved. The user ${sanitizeLine(email)} was created and can sign in with ${provider}.\n`,
      );
      return EXIT.ok;
    })
    : await adminCommand("denyQueuedSignIn", { request }, options, io, ({ email, provider }) => {
      io.stdout(
        `Denied. The account ${sanitizeLine(email)} of ${provider} cannot sign in. To allow it ` +
          "later, approve it.\n",
      );
      return EXIT.ok;
    });
}
