import {
  type ClientFilter,
  type ClientPosition,
  type ClientSort,
  countClients,
  listMatchingClients as listStoredClients,
} from "../store/clients.ts";
import { type ClientDeps, type ClientView, clientView } from "./client_operations.ts";

/** Clients that match the filter, the built-in command line first, and how many there are. */
export async function listMatchingClients(
  { sql, clock }: Pick<ClientDeps, "sql" | "clock">,
  { limit, offset, after, sort, ...filter }: ClientFilter & {
    limit: number;
    offset?: number;
    after?: ClientPosition;
    sort?: ClientSort;
  },
): Promise<{ clients: ClientView[]; total: number }> {
  const clients = await listStoredClients(sql, { ...filter, limit, offset, after, sort });
  return {
    clients: clients.map((client) => clientView(client, clock.now())),
    total: await countClients(sql, filter),
  };
}
