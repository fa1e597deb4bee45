import type { Clock } from "../../../shared/clock.ts";
import { isUuid } from "../../../shared/uuid.ts";
import type { Sql } from "../../store/db/connect.ts";
import {
  type DeviceAuthorization,
  findEnteredDeviceAuthorization,
} from "../../store/device_authorizations.ts";
import type { Session } from "../../store/sessions.ts";

/** The request whose code was entered in this session, while it is pending. */
export async function findPendingRequest(
  { sql, clock }: { sql: Sql; clock: Clock },
  session: Session,
  id = "",
): Promise<DeviceAuthorization | undefined> {
  if (!isUuid(id)) return undefined;
  const now = new Date(clock.now());
  return await findEnteredDeviceAuthorization(sql, { id, sessionId: session.id, now });
}
