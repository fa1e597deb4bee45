/** Where releases are downloaded from. */
import { brand } from "../../shared/brand.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { isLoopback } from "../oauth/host.ts";
import type { RunningProgram } from "./running_program.ts";

/** Names a mirror. */
export const RELEASE_URL_VARIABLE = `${brand.envPrefix}_RELEASE_URL`;

export const CHECK_RELEASE_URL = `Check the address in --base-url or ${RELEASE_URL_VARIABLE}.`;

/**
 * The address below which releases are: of `--base-url`, else of the environment, else of the
 * brand. Undefined if the brand does not name a real one. Throws ClientError.
 */
export function findReleaseUrl(
  option: string | undefined,
  env: ClientIo["env"],
  { release }: Pick<RunningProgram, "release">,
): string | undefined {
  if (option !== undefined) return parseReleaseUrl(option, "--base-url");
  const mirror = env[RELEASE_URL_VARIABLE];
  if (mirror) return parseReleaseUrl(mirror, RELEASE_URL_VARIABLE);
  return release.repository.startsWith("OWNER/") ? undefined : release.url;
}

/** https, or http on this machine: SHA256SUMS is only as good as the connection that it came by. */
function parseReleaseUrl(text: string, source: string): string {
  const invalid = (reason: string) => new ClientError("invalid_option", `${source} ${reason}`);
  if (!URL.canParse(text)) {
    throw invalid(`is not an address such as https://mirror.example.com/${brand.binaryName}.`);
  }
  const url = new URL(text);
  if (url.username || url.password || url.search || url.hash) {
    throw invalid("must not contain a user name, a password, a query or a fragment.");
  }
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback(url))) {
    throw invalid(`must begin with https://, not with ${sanitizeLine(url.protocol, 20)}//.`);
  }
  return url.href.replace(/\/$/, "");
}
