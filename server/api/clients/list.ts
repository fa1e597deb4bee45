import { listMatchingClients } from "../../admin/list_clients.ts";
import { DomainError } from "../../domain_error.ts";
import { operation } from "../operation.ts";
import { decodeClientCursor, encodeClientCursor } from "./cursor.ts";
import { clientList, clientListQuery } from "./schemas.ts";
import { toResponse } from "./to_response.ts";

const DEFAULT_LIMIT = 50;

export const listClientsOperation = operation({
  method: "get",
  path: "/api/v1/clients",
  id: "listClients",
  summary: "List clients",
  description: "The built-in command line first, then by age.",
  access: "clients_read",
  query: clientListQuery,
  response: { status: 200, description: "One page of clients.", schema: clientList },
  problems: ["invalid"],
  async handle(deps, { query }) {
    const { search, type, disabled, limit = DEFAULT_LIMIT } = query;
    const after = query.cursor === undefined ? undefined : decodeClientCursor(query.cursor);
    if (query.cursor !== undefined && after === undefined) {
      return new DomainError("invalid", "The cursor is not valid. Start with the first page.", {
        field: "cursor",
      });
    }
    const { clients } = await listMatchingClients(deps, {
      search,
      type,
      disabled,
      after,
      limit: limit + 1,
    });
    return {
      clients: clients.slice(0, limit).map(toResponse),
      next_cursor: clients.length > limit ? encodeClientCursor(clients[limit - 1]) : null,
    };
  },
});
