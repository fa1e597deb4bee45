import { brand } from "../../../../shared/brand.ts";
import { EXIT } from "../../../../shared/exit_codes.ts";
import { printTable, stateCell, type Table, type TableOptions } from "../../../../shared/table.ts";
import type { IdentityProviderView } from "../../../admin/identity_providers/view.ts";
import type { ServerIo } from "../../../io.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";

const PROVIDERS: Table<IdentityProviderView> = {
  columns: [
    { title: "NAME", cell: ({ name }) => name },
    { title: "TEMPLATE", cell: ({ template }) => template, priority: 2 },
    { title: "ISSUER", cell: ({ issuer }) => issuer, flexible: true, priority: 1 },
    {
      title: "DOMAINS",
      cell: ({ domains, required }) =>
        domains.length === 0 ? null : `${domains.join(" ")}${required ? " (required)" : ""}`,
      flexible: true,
      priority: 4,
      absent: "any",
    },
    { title: "FIRST SIGN-IN", cell: ({ firstSignIn }) => firstSignIn, priority: 3 },
    { title: "ACCOUNTS", cell: ({ identities }) => `${identities}`, priority: 5 },
    {
      title: "STATE",
      cell: ({ disabledAt }) => stateCell(disabledAt === null ? "enabled" : "disabled"),
      priority: 6,
    },
  ],
  toJson: (provider) => provider,
  empty:
    `There are no identity providers. To add one, run: ${brand.binaryName} admin idp add TEMPLATE`,
};

export async function adminIdpList(
  { json, wide, ...options }: DatabaseOptions & TableOptions,
  io: ServerIo,
): Promise<number> {
  return await adminCommand("listIdentityProviders", {}, options, io, (providers) => {
    printTable(PROVIDERS, providers, { json, wide }, io);
    return EXIT.ok;
  });
}
