import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { printTable, type Table, type TableOptions } from "../../../shared/table.ts";
import type { ServerIo } from "../../io.ts";
import type { ListedOwned, OwnedKind } from "../../store/owners.ts";
import { reportUsage } from "../failure.ts";
import type { DatabaseOptions } from "../options.ts";
import { adminCommand } from "./command.ts";

const OWNED: Table<ListedOwned> = {
  columns: [
    { title: "KIND", cell: ({ kind }) => kind },
    { title: "NAME", cell: ({ name }) => name, flexible: true },
    {
      title: "OWNER",
      cell: ({ owner }) => owner && `${owner.email}${owner.disabled ? " (disabled)" : ""}`,
      absent: "operator",
      flexible: true,
    },
  ],
  toJson: (owned) => owned,
  empty: "There is nothing that can have an owner. To add a service account, run: " +
    `${brand.binaryName} admin service-account add NAME --scope SCOPES`,
};

const OWNED_BY_USER: Table<ListedOwned> = {
  ...OWNED,
  empty: `The user owns nothing. To list all owners, run: ${brand.binaryName} admin owner list`,
};

/** `admin owner list`. */
export async function adminOwnerList(
  user: string | undefined,
  { json, wide, ...options }: DatabaseOptions & TableOptions,
  io: ServerIo,
): Promise<number> {
  return await adminCommand("listOwnedThings", { owner: user }, options, io, (owned) => {
    printTable(user === undefined ? OWNED : OWNED_BY_USER, owned, { json, wide }, io);
    return EXIT.ok;
  });
}

/** `admin owner set`. */
export async function adminOwnerSet(
  kind: OwnedKind,
  name: string,
  user: string | undefined,
  { operator, ...options }: DatabaseOptions & { operator?: boolean },
  io: ServerIo,
): Promise<number> {
  if ((user === undefined) !== (operator === true)) {
    return reportUsage("Name the user who becomes the owner, or use --operator.", io);
  }
  const params = { kind, name, owner: user ?? null };
  return await adminCommand("changeOwner", params, options, io, ({ owner }) => {
    io.stdout(`The owner of ${name} is ${owner ?? "the operator"}.\n`);
    return EXIT.ok;
  });
}
