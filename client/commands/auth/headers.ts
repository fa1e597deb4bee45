/**
 * `auth headers`: prints the headers for an address as a JSON object, as `headersHelper` of Claude
 * Code and other agents does for MCP servers.
 */
import { EXIT } from "../../../shared/exit_codes.ts";
import { ClientError } from "../../errors.ts";
import { credentialFor, hostNotListed } from "../../helpers/credential.ts";
import type { ClientIo } from "../../io.ts";
import { formatJson } from "../../output.ts";

/** Set by Claude Code for its helpers. */
const URL_VARIABLE = "CLAUDE_CODE_MCP_SERVER_URL";

export async function authHeaders(address: string | undefined, io: ClientIo): Promise<number> {
  const url = address ?? io.env[URL_VARIABLE];
  if (!url) {
    throw new ClientError(
      "invalid_option",
      `Name the address of the MCP server, as an argument or in ${URL_VARIABLE}.`,
    );
  }
  const credential = await credentialFor(url, io);
  if (credential === undefined) throw hostNotListed(url);
  io.stdout(formatJson({ Authorization: `Bearer ${credential.token}` }));
  return EXIT.ok;
}
