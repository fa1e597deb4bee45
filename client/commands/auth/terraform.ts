/**
 * `auth terraform`: the credentials helper protocol of Terraform and OpenTofu
 * (https://developer.hashicorp.com/terraform/internals/credentials-helpers).
 */
import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { ClientError } from "../../errors.ts";
import { credentialFor } from "../../helpers/credential.ts";
import type { ClientIo } from "../../io.ts";
import { formatJson } from "../../output.ts";

export async function authTerraform(
  operation: string,
  host: string,
  io: ClientIo,
): Promise<number> {
  if (operation !== "get") {
    throw new ClientError(
      "unsupported",
      `${brand.binaryName} stores its own logins. Instead of terraform login and terraform ` +
        `logout, use ${brand.binaryName} login and ${brand.binaryName} logout.`,
    );
  }
  const credential = await credentialFor(host, io);
  // An empty object means that there are no credentials for the host.
  io.stdout(formatJson(credential === undefined ? {} : { token: credential.token }));
  return EXIT.ok;
}
