import { formatCount } from "../../../../shared/bounded_count.ts";
import { EXIT } from "../../../../shared/exit_codes.ts";
import type { ServerIo } from "../../../io.ts";
import type { ResourceBelongings } from "../../../store/resource_belongings.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";

export async function adminResourceRemove(
  name: string,
  options: DatabaseOptions,
  io: ServerIo,
): Promise<number> {
  return await adminCommand("removeResource", { name }, options, io, (belongings) => {
    io.stdout(`Removed the resource ${name}. ${describe(belongings)}\n`);
    return EXIT.ok;
  });
}

function describe({ logins, tokens, clients }: ResourceBelongings): string {
  const effects = [
    ...logins > 0 ? [`${formatCount(logins, "login")} can no longer get tokens for it.`] : [],
    ...tokens > 0 ? [`${formatCount(tokens, "personal access token")} revoked.`] : [],
    ...clients > 0 ? [`${formatCount(clients, "client")} can no longer use it.`] : [],
  ];
  const access =
    "Its tokens are rejected where they are introspected or checked at /auth/verify. " +
    "APIs that only check the signature accept its access tokens until they expire.";
  return [...effects, access].join(" ");
}
