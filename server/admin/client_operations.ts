import { valueText } from "../../shared/list_text.ts";
import { DomainError } from "../domain_error.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import { deleteClient, insertClient, listClients } from "../store/clients.ts";
import type { Empty, Operation } from "./operation.ts";

/** Registers a confidential client. The secret arrives hashed, in base64. */
export const addClient: Operation<{ id: string; name: string; secretHash: string }, Empty> = async (
  { sql, clock },
  { id, name, secretHash },
) => {
  await insertClient(sql, {
    id,
    name,
    secretHash: Uint8Array.from(atob(secretHash), (character) => character.charCodeAt(0)),
    now: new Date(clock.now()),
  });
  await recordAuditEvent(sql, clock, { event: "client.created", actor: "operator", subject: id });
  return {};
};

export const listAllClients: Operation<Empty, { id: string; name: string; createdAt: string }[]> =
  async ({ sql }) => {
    const clients = await listClients(sql);
    return clients.map((client) => ({ ...client, createdAt: client.createdAt.toISOString() }));
  };

export const removeClient: Operation<{ id: string }, Empty | DomainError> = async (
  { sql, clock },
  { id },
) => {
  if (!await deleteClient(sql, id)) {
    return new DomainError("not_found", `There is no client ${valueText(id)}.`, { field: "id" });
  }
  await recordAuditEvent(sql, clock, { event: "client.removed", actor: "operator", subject: id });
  return {};
};
