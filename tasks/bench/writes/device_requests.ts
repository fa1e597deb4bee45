/** Device authorizations: each is a new row, from an address of its own. */
import { randomBytes, randomUUID } from "node:crypto";
import type postgres from "postgres";
import type { Sql } from "../../../server/store/db/connect.ts";
import { insertDeviceAuthorization } from "../../../server/store/device_requests.ts";
import { generateUserCode } from "../../../server/tokens/user_code.ts";
import { type WritePair, wroteOne } from "./write_pair.ts";

const LIFETIME_MS = 900_000;
const MAX_PENDING = 500;

/** As `yourapp login` sends it. */
export function deviceRequest() {
  const [a, b, c] = randomBytes(3);
  const address = `10.${a}.${b}.${c}`;
  const createdAt = new Date();
  return {
    id: randomUUID(),
    deviceCodeHash: randomBytes(32),
    userCode: generateUserCode(),
    clientId: "bench",
    scope: "openid offline_access",
    intervalSeconds: 5,
    createdAt,
    expiresAt: new Date(createdAt.getTime() + LIFETIME_MS),
    requesterAddress: address,
    requesterNetwork: address,
    requesterUserAgent: "bench",
  };
}

export function deviceRequests(sql: Sql, bareSql: postgres.Sql): WritePair {
  return {
    name: "device authorization",
    async store() {
      const outcome = await insertDeviceAuthorization(sql, deviceRequest(), MAX_PENDING);
      // One user code of many millions may be taken.
      if (outcome === "too_many") throw new Error(outcome);
    },
    async bare() {
      const r = deviceRequest();
      wroteOne(
        await bareSql`
          insert into device_authorizations (id, device_code_hash, user_code, client_id, scope,
            interval_seconds, created_at, expires_at, requester_address, requester_network,
            requester_user_agent)
          values (${r.id}, ${r.deviceCodeHash}, ${r.userCode}, ${r.clientId}, ${r.scope},
            ${r.intervalSeconds}, ${r.createdAt}, ${r.expiresAt}, ${r.requesterAddress},
            ${r.requesterNetwork}, ${r.requesterUserAgent})`,
      );
    },
  };
}
