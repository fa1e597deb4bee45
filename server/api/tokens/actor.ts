import type { Actor } from "../../pats/audit.ts";
import type { ApiRequest } from "../operation.ts";

/** Who sends a request, for the audit log. */
export function actorOf({ user, client, presented }: ApiRequest): Actor {
  return { id: user.id, address: client.address, loginId: presented.loginId };
}
