import { brand } from "../../shared/brand.ts";
import { valueText } from "../../shared/list_text.ts";
import { DomainError } from "../domain_error.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import type { Transaction } from "../store/db/connect.ts";
import { type ListedOwned, listOwned, type Owned, OWNED_KINDS, setOwner } from "../store/owners.ts";
import { findUserByReference, lockUser, type User } from "../store/users.ts";
import { noSuchUser } from "./no_such_user.ts";
import type { AdminDeps } from "./operation.ts";

export type OwnerDeps = Pick<AdminDeps, "sql" | "clock" | "actor" | "address" | "loginId">;

type OwnerOperation<Params, Result> = (deps: OwnerDeps, params: Params) => Promise<Result>;

/** What has an owner, and what needs one: all of it, or what one user owns. */
export const listOwnedThings: OwnerOperation<
  { owner?: string },
  ListedOwned[] | DomainError
> = async ({ sql }, { owner }) => {
  if (owner === undefined) return await listOwned(sql);
  const user = await findUserByReference(sql, owner);
  return user === undefined ? noSuchUser(owner) : await listOwned(sql, { ownerId: user.id });
};

/** Gives a service account, trust rule, client or resource to a user; null: to the operator. */
export const changeOwner: OwnerOperation<
  Owned & { owner: string | null },
  { owner: string | null } | DomainError
> = async (deps, { kind, name, owner }) => {
  const { sql, clock, actor = "operator", address, loginId } = deps;
  if (!OWNED_KINDS.includes(kind)) {
    return new DomainError(
      "invalid",
      `${valueText(kind)} cannot have an owner. Choose from ${OWNED_KINDS.join(", ")}.`,
      { field: "kind" },
    );
  }
  return await sql.begin(async (tx) => {
    const user = owner === null ? undefined : await lockNewOwner(tx, owner);
    if (user instanceof DomainError) return user;
    if (!await setOwner(tx, { kind, name, ownerId: user?.id ?? null })) {
      return new DomainError(
        "not_found",
        `There is no ${kind.replace("-", " ")} ${valueText(name)}` +
          `${kind === "resource" ? " in the database" : ""}. To list what can have an owner, ` +
          `run: ${brand.binaryName} admin owner list`,
        { field: "name" },
      );
    }
    await recordAuditEvent(tx, clock, {
      event: "owner.changed",
      actor,
      subject: name,
      address,
      details: { kind, owner: user?.id ?? null, ...loginId !== undefined && { login: loginId } },
    });
    return { owner: user?.email ?? null };
  }) as { owner: string | null } | DomainError;
};

/** Locks a user who is to own something. A disabled one would need another owner at once. */
export async function lockNewOwner(
  tx: Transaction,
  reference: string,
): Promise<User | DomainError> {
  const user = await lockUser(tx, reference);
  if (user === undefined) {
    const { code, message, commandHint } = noSuchUser(reference);
    return new DomainError(code, message, { field: "owner", commandHint });
  }
  if (user.disabledAt === undefined) return user;
  return new DomainError(
    "conflict",
    `${user.email} is disabled, so it cannot become the owner. Choose another user.`,
    { field: "owner" },
  );
}
