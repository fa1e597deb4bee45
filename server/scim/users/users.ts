/** The operations on users (RFC 7644 section 3). */
import type { Message } from "../../notifications/mail.ts";
import type { Transaction } from "../../store/db/connect.ts";
import {
  type DirectoryUser,
  findDirectoryUser,
  insertDirectoryUser,
  lockDirectoryUser,
  markDirectoryUserDeleted,
  updateDirectoryUser,
} from "../../store/directories/users.ts";
import { lockMemberships } from "../../store/groups.ts";
import { isUuid } from "../../../shared/uuid.ts";
import type { Caller, ScimDeps } from "../deps.ts";
import { noSuchResource } from "../error.ts";
import { checkIfMatch, etag } from "../etag.ts";
import { applyOperations } from "../patch/apply.ts";
import { readOperations } from "../patch/operations.ts";
import { USER } from "../schema/resource_type.ts";
import { reportTakenName } from "../taken_name.ts";
import { readResource, type Values } from "../value.ts";
import { changeAccount, provisionAccount, releaseAccount, setAccountActive } from "./account.ts";
import { type AccountValues, accountValues, storedValues, valuesOf } from "./values.ts";

const TAKEN = "Another user of this directory has the userName.";

export async function createUserResource(
  { sql, ...deps }: ScimDeps,
  caller: Caller,
  body: unknown,
): Promise<DirectoryUser> {
  const { clock } = deps;
  const values = readResource(USER, body);
  const stored = storedValues(values);
  const account = accountValues(values);
  const directoryId = caller.directory.id;
  return await sql.begin(async (tx) => {
    const { id: userId } = await provisionAccount(tx, deps, caller, account);
    const now = new Date(clock.now());
    const id = await insertDirectoryUser(tx, { ...stored, directoryId, userId, now });
    await setAccountActive(tx, deps, caller, { userId, active: values.active !== false });
    return (await findDirectoryUser(tx, { directoryId, id }))!;
  }).catch(reportTakenName(TAKEN)) as DirectoryUser;
}

export async function getUserResource(
  { sql }: ScimDeps,
  { directory }: Caller,
  id: string,
): Promise<DirectoryUser> {
  const user = isUuid(id)
    ? await findDirectoryUser(sql, { directoryId: directory.id, id })
    : undefined;
  if (user === undefined) throw noSuchResource("user", id);
  return user;
}

export interface ResourceRequest {
  id: string;
  body: unknown;
  headers: Headers;
}

/** RFC 7644 section 3.5.1: what the request does not have is removed. */
export async function replaceUserResource(
  deps: ScimDeps,
  caller: Caller,
  request: ResourceRequest,
): Promise<DirectoryUser> {
  const values = readResource(USER, request.body);
  return await changeUser(deps, caller, request, (user) => ({ active: user.active, ...values }));
}

/** RFC 7644 section 3.5.2: all operations, or none. */
export async function patchUserResource(
  deps: ScimDeps,
  caller: Caller,
  request: ResourceRequest,
): Promise<DirectoryUser> {
  const operations = readOperations(request.body);
  return await changeUser(
    deps,
    caller,
    request,
    (user) => applyOperations(USER, valuesOf(user), operations),
  );
}

async function changeUser(
  deps: ScimDeps,
  caller: Caller,
  { id, headers }: ResourceRequest,
  change: (user: DirectoryUser) => Values,
): Promise<DirectoryUser> {
  const { sql, clock, tokenValidator, mail } = deps;
  const directoryId = caller.directory.id;
  const { user, message } = await sql.begin(async (tx) => {
    const user = await lockExisting(tx, caller, id);
    checkIfMatch(headers, etag(user.version, user.active));
    const before = valuesOf(user);
    const values = change(user);
    const stored = storedValues(values);
    const after = accountValues(values);
    const { userId } = user;
    const message = await changeAccount(tx, deps, caller, {
      userId,
      before: earlierAccount(before),
      after,
    });
    const { active: _before, ...rest } = before;
    const { active, ...changed } = values;
    if (JSON.stringify(changed) !== JSON.stringify(rest)) {
      await updateDirectoryUser(tx, { ...stored, id, now: new Date(clock.now()) });
    }
    if (typeof active === "boolean") {
      await setAccountActive(tx, deps, caller, { userId, active });
    }
    return { user: (await findDirectoryUser(tx, { directoryId, id }))!, message };
  }).catch(reportTakenName(TAKEN)) as { user: DirectoryUser; message: Message | undefined };
  tokenValidator.invalidate(`principal:${user.userId}`);
  if (message !== undefined) mail.send(message);
  return user;
}

/** Undefined if the rules for addresses and names have changed since. */
function earlierAccount(values: Values): AccountValues | undefined {
  try {
    return accountValues(values);
  } catch {
    return undefined;
  }
}

/**
 * RFC 7644 section 3.6: the resource is gone afterwards. The account stays, disabled, as what audit
 * events and tokens refer to.
 */
export async function deleteUserResource(
  deps: ScimDeps,
  caller: Caller,
  { id, headers }: Omit<ResourceRequest, "body">,
): Promise<void> {
  const { sql, clock, tokenValidator } = deps;
  const userId = await sql.begin(async (tx) => {
    await lockMemberships(tx);
    const user = await lockExisting(tx, caller, id);
    checkIfMatch(headers, etag(user.version, user.active));
    await markDirectoryUserDeleted(tx, { id, now: new Date(clock.now()) });
    await releaseAccount(tx, deps, caller, user.userId);
    return user.userId;
  }) as string;
  tokenValidator.invalidate(`principal:${userId}`);
}

async function lockExisting(tx: Transaction, caller: Caller, id: string): Promise<DirectoryUser> {
  const user = isUuid(id)
    ? await lockDirectoryUser(tx, { directoryId: caller.directory.id, id })
    : undefined;
  if (user === undefined) throw noSuchResource("user", id);
  return user;
}
