/**
 * `auth goauth`: a command in Go's GOAUTH (`go help goauth`). Go starts it once without an
 * address, and again with the address of each request that failed.
 */
import { EXIT } from "../../../shared/exit_codes.ts";
import { credentialFor } from "../../helpers/credential.ts";
import { parseRequestedHost } from "../../helpers/host_list.ts";
import type { ClientIo } from "../../io.ts";

export async function authGoauth(address: string | undefined, io: ClientIo): Promise<number> {
  // Without an address, nothing has failed yet: public modules need no token.
  if (address === undefined) return EXIT.ok;
  const credential = await credentialFor(address, io);
  if (credential === undefined) return EXIT.ok;
  // For all modules of the host, so that Go does not ask for each of them.
  const { host } = parseRequestedHost(address)!;
  io.stdout(`https://${host}\n\nAuthorization: Bearer ${credential.token}\n\n`);
  return EXIT.ok;
}
