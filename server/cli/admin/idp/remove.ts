import { EXIT } from "../../../../shared/exit_codes.ts";
import { brand } from "../../../../shared/brand.ts";
import type { ServerIo } from "../../../io.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";

export async function adminIdpRemove(
  name: string,
  options: DatabaseOptions,
  io: ServerIo,
): Promise<number> {
  return await adminCommand(
    "removeIdentityProvider",
    { name },
    options,
    io,
    ({ identities, usersWithoutSignIn: users }) => {
      const accounts = `${identities} linked account${identities === 1 ? "" : "s"}`;
      io.stdout(`Removed the identity provider ${name}, with ${accounts}.\n`);
      if (users > 0) {
        io.stdout(
          `${users} user${
            users === 1 ? " has" : "s have"
          } no other way to sign in. To send one a ` +
            `link to choose a password, run: ${brand.binaryName} admin user reset-password ADDRESS ` +
            "--link\n",
        );
      }
      return EXIT.ok;
    },
  );
}
