import { formatTime } from "../../../../shared/format_time.ts";
import { EXIT } from "../../../../shared/exit_codes.ts";
import { formatJson, sanitizeLine } from "../../../../shared/sanitize.ts";
import type { IdentityProviderView } from "../../../admin/identity_providers/view.ts";
import type { ServerIo } from "../../../io.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";

export async function adminIdpShow(
  name: string,
  { json, ...options }: DatabaseOptions & { json?: boolean },
  io: ServerIo,
): Promise<number> {
  return await adminCommand("showIdentityProvider", { name }, options, io, (provider) => {
    io.stdout(json ? formatJson(provider) : describe(provider, io));
    return EXIT.ok;
  });
}

function describe(provider: IdentityProviderView, { env }: Pick<ServerIo, "env">): string {
  const { domains, acrMapping, createdAt, disabledAt } = provider;
  const time = (at: string) => formatTime(Date.parse(at), env.TZ);
  const lines: [string, string | null][] = [
    ["name", provider.name],
    ["state", disabledAt === null ? "enabled" : `disabled since ${time(disabledAt)}`],
    ["managed by", provider.managedBy && `the file ${provider.managedBy}`],
    ["template", provider.template],
    ["title", provider.title],
    ["issuer", provider.issuer],
    ["client ID", provider.clientId],
    ["redirect URI", provider.redirectUri],
    ["domains", domains.join(" ") || "any"],
    ["required", provider.required ? "yes: its users cannot use a password" : "no"],
    ["first sign-in", provider.firstSignIn],
    ["addresses", provider.trustsAddresses ? "all count as verified" : "if it calls them verified"],
    ["groups claim", provider.groupsClaim ?? "none"],
    ["acr and amr", acrMapping === null ? "do not count" : acrText(acrMapping)],
    ["scopes", provider.scopes.join(" ") || null],
    ["re-check", provider.recheck ? "on" : "off"],
    ["accounts", `${provider.identities}`],
    ["waiting", `${provider.queued}`],
    ["added", time(createdAt)],
  ];
  return lines.filter(([, value]) => value !== null)
    .map(([name, value]) => `${`${name}:`.padEnd(15)}${sanitizeLine(value ?? "", 1000)}\n`)
    .join("");
}

function acrText(mapping: Record<string, string>): string {
  const values = Object.entries(mapping).map(([value, level]) => `${value}=${level}`);
  return values.length === 0 ? "count" : `count, with ${values.join(" ")}`;
}
