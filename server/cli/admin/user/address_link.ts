import { sanitizeLine } from "../../../../shared/sanitize.ts";
import type { ServerIo } from "../../../io.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";
import { readLinkOptions } from "./new_password.ts";
import { printLink } from "./print_link.ts";

/** `admin user address-link`. */
export async function adminUserAddressLink(
  user: string,
  newEmail: string,
  { mail, expires, ...options }: DatabaseOptions & { mail?: boolean; expires?: string },
  io: ServerIo,
): Promise<number> {
  const link = readLinkOptions({ mail, expires }, "1d", io);
  if (typeof link === "number") return link;
  const params = { email: user, newEmail, link };
  return await adminCommand(
    "createUserAddressLink",
    params,
    options,
    io,
    ({ email, newEmail, link }) =>
      printLink(link.url === undefined ? newEmail : email, link, io, {
        to: "confirm the new address",
        holder: "Only its user can use it, signed in.",
        command: `address-link ${sanitizeLine(email, 254)} ${sanitizeLine(newEmail, 254)}`,
      }),
  );
}
