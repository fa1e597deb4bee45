/** A personal access token as the REST interface returns it. */
import { brand } from "../../shared/brand.ts";
import type { MemoryIo } from "./fake_client_io.ts";

export const PAT_ID = "0197a000-0000-7000-8000-000000000001";
export const PAT_SECRET = `${brand.tokenPrefixes.personalAccessToken}${"s".repeat(49)}`;

const DAY_MS = 86_400_000;

export function patResponse(io: Pick<MemoryIo, "clock">, changes: Record<string, unknown> = {}) {
  return {
    id: PAT_ID,
    name: "ci",
    prefix: PAT_SECRET.slice(0, 12),
    scopes: ["deploy"],
    allowed_addresses: [],
    created_at: new Date(io.clock.now() - 30 * DAY_MS).toISOString(),
    expires_at: new Date(io.clock.now() + 90 * DAY_MS).toISOString(),
    last_used_at: null,
    last_used_address: null,
    last_used_agent: null,
    revoked_at: null,
    revoked_reason: null,
    rotated_from: null,
    owner: { kind: "user", id: "u1", username: "alice@example.com" },
    ...changes,
  };
}
