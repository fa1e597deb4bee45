import { EXIT } from "../../../shared/exit_codes.ts";
import { sanitizeLine } from "../../../shared/sanitize.ts";
import type { ListedKey } from "../../admin/key_operations.ts";
import { DomainError } from "../../domain_error.ts";
import type { ServerIo } from "../../io.ts";
import { reportDomainError, reportUsage } from "../failure.ts";
import { adminSession } from "./command.ts";
import type { DatabaseOptions } from "../options.ts";

/** `admin keys remove` */
export async function adminKeysRemove(
  kid: string,
  { yes = false, ...options }: DatabaseOptions & { yes?: boolean },
  io: ServerIo,
): Promise<number> {
  return await adminSession(options, io, async (session) => {
    const key = (await session.run("listKeys", {})).find((listed) => listed.kid === kid);
    // Without one, the operation says which keys there are.
    if (key !== undefined && !yes) {
      const question = `${consequences(key)} Remove ${kid}?`;
      const confirmed = await io.confirm(question);
      if (confirmed === undefined) {
        return reportUsage(`${question} No terminal to ask. To confirm, use --yes.`, io);
      }
      if (!confirmed) {
        io.stderr("Nothing was changed.\n");
        return EXIT.failure;
      }
    }
    const removed = await session.run("removeKey", { kid });
    if (removed instanceof DomainError) return reportDomainError(removed, io);
    io.stdout(
      `Removed ${sanitizeLine(kid, 100)}. ${
        removed.state === "active" ? "The next key signs from now on. " : ""
      }Every server rejects its tokens within a second. APIs that validate tokens themselves accept ` +
        "them until they fetch the key set again: restart those that cannot wait.\n",
    );
    return EXIT.ok;
  });
}

function consequences({ state, algorithm }: ListedKey): string {
  if (state === "next" || state === "scheduled") {
    return `The key is ${state} and has signed nothing yet. Another one is generated in its place.`;
  }
  const successor = state === "active"
    ? `It signs now; the next ${algorithm} key signs in its place at once. `
    : "";
  return `${successor}Access tokens and ID tokens that it has signed are rejected here within a ` +
    "second, and by APIs that validate tokens themselves once they fetch the key set again: after " +
    "5 minutes, or longer if they cache it for longer. Clients refresh their tokens; logins and " +
    "personal access tokens stay valid. This cannot be undone.";
}
