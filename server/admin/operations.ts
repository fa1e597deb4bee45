import { addClient, listAllClients, removeClient } from "./client_operations.ts";
import { listKeys, rotateKeys } from "./key_operations.ts";
import { listMigrations } from "./migration_operations.ts";
import {
  addServiceAccount,
  listAllServiceAccounts,
  setServiceAccountShutOut,
} from "./service_account_operations.ts";
import { addTrustRule, listAllTrustRules, removeTrustRule, testTrust } from "./trust_operations.ts";
import { addUser, changeUser, listAllUsers, setDisabled } from "./user_operations.ts";

/** Every operation by the name it has on the control channel. */
export const operations = {
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
