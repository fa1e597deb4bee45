import { EXIT } from "../../../../shared/exit_codes.ts";
import type { ServerIo } from "../../../io.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";

export async function adminIdpDisable(
  { name, disabled }: { name: string; disabled: boolean },
  options: DatabaseOptions,
  io: ServerIo,
): Promise<number> {
  return await adminCommand(
    "setIdentityProviderDisabled",
    { name, disabled },
    options,
    io,
    ({ required, domains }) => {
      const password = required
        ? ` Users of ${domains.join(" and ")} ${
          disabled ? "can use a password again" : "have to use it again"
        }.`
        : "";
      io.stdout(
        disabled
          ? `Disabled ${name}. No one can sign in with it; who is signed in stays so.${password}\n`
          : `Enabled ${name}.${password}\n`,
      );
      return EXIT.ok;
    },
  );
}
