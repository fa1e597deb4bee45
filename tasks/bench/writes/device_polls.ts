/** Polls of codes that wait, each at its interval: the time of a poll is set, not waited for. */
import type postgres from "postgres";
import type { Sql } from "../../../server/store/db/connect.ts";
import { recordPoll } from "../../../server/store/device_polls.ts";
import { insertDeviceAuthorization } from "../../../server/store/device_requests.ts";
import { deviceRequest } from "./device_requests.ts";
import { Pool, type WritePair, wroteOne } from "./write_pair.ts";

/** As many inserts may wait at a time. */
const CODES = 1000;
const INTERVAL_MS = 5000;
const YEAR_MS = 365 * 86_400_000;

/** The connections of `bareSql` do not wait for the disk, since the store's polls do not either. */
export async function devicePolls(sql: Sql, bareSql: postgres.Sql): Promise<WritePair> {
  const expiresAt = new Date(Date.now() + YEAR_MS);
  const codes = Array.from({ length: CODES }, () => ({
    request: { ...deviceRequest(), expiresAt },
    lastPoll: Date.now(),
  }));
  await Promise.all(codes.map(({ request }) => insertDeviceAuthorization(sql, request, CODES)));
  const pool = new Pool(codes);
  const nextPoll = (code: { lastPoll: number }) => new Date(code.lastPoll += INTERVAL_MS);
  return {
    name: "pending poll",
    store: () =>
      pool.use(async (code) => {
        const { deviceCodeHash, clientId } = code.request;
        const { status } = await recordPoll(sql, {
          ...{ deviceCodeHash, clientId, now: nextPoll(code) },
          ...{ growthSeconds: 5, leewayMs: 1000, tick: { polls: 3, ms: 1000 } },
        });
        if (status !== "pending") throw new Error(status);
      }),
    bare: () =>
      pool.use(async (code) => {
        wroteOne(
          await bareSql`
            update device_authorizations set last_polled_at = ${nextPoll(code)}
            where device_code_hash = ${code.request.deviceCodeHash} and client_id = ${code.request.clientId}
            returning status, interval_seconds, expires_at`,
        );
      }),
  };
}
