import { addClient, listAllClients, removeClient } from "./client_operations.ts";
import { listKeys, rotateKeys } from "./key_operations.ts";
import { listMigrations } from "./migration_operations.ts";
import {
  addServiceAccount,
  listAllServiceAccounts,
  setServiceAccountShutOut,
} from "./service_account_operations.ts";
import { addTrustRule, listAllTrustRules, removeTrustRule, testTrust } from "./trust_operations.ts";
import type { OperationParts } from "./operation.ts";
import { addUser, changeUser, listAllUsers, setDisabled } from "./user_operations.ts";

/** Every operation by the name it has on the control channel. */
const operations = {
  addUser,
  changeUser,
  listAllUsers,
  setDisabled,
  addClient,
  listAllClients,
  removeClient,
  listKeys,
  rotateKeys,
  listMigrations,
  addServiceAccount,
  listAllServiceAccounts,
  setServiceAccountShutOut,
  addTrustRule,
  listAllTrustRules,
  removeTrustRule,
  testTrust,
};

export type OperationName = keyof typeof operations;
export type OperationArguments<Name extends OperationName> = Parameters<
  typeof operations[Name]
>[1];
export type OperationResult<Name extends OperationName> = Awaited<
  ReturnType<typeof operations[Name]>
>;

/** Whether this program knows an operation of that name. */
export function isOperationName(name: string): name is OperationName {
  return Object.hasOwn(operations, name);
}

/** Runs the operation of that name. */
export async function operate<Name extends OperationName>(
  name: Name,
  parts: OperationParts,
  given: OperationArguments<Name>,
): Promise<OperationResult<Name>> {
  // TypeScript cannot see that a name's arguments and result go with its function.
  const run = operations[name] as unknown as (
    parts: OperationParts,
    given: OperationArguments<Name>,
  ) => Promise<OperationResult<Name>>;
  return await run(parts, given);
}
