/**
 * Approvals that a command has requested and did not wait for, so that another one can: one private
 * file beside the index of logins. It contains device codes, which are worth a token once a user
 * approves them, so it is bounded and they are deleted as soon as they have expired.
 */
import { join } from "../../shared/path.ts";
import { configFolder, findConfigFolder } from "../credentials/config_dir.ts";
import { withFileLock } from "../credentials/file_lock.ts";
import {
  readPrivateFile,
  removePrivateFile,
  writePrivateFile,
} from "../credentials/secure_file.ts";
import type { AccountKey } from "../credentials/store.ts";
import { wrapStoreErrors } from "../credentials/wrap_store_errors.ts";
import type { ClientIo } from "../io.ts";
import type { DeviceAuthorization } from "../oauth/device_flow.ts";

export interface PendingApproval extends DeviceAuthorization {
  /** How `token --resume` names it. */
  id: string;
  server: string;
  /** The account of the login; undefined: of a token in the environment. */
  account?: string;
  /** The `sub` of whom has to approve it. */
  subject: string;
  /** The login that it was requested for, if that can be revoked. */
  sid?: string;
  /** Names what was requested, as in the credential store. */
  requestId: string;
  /** What was requested. */
  scopes: string[];
  /** See StepUpRequest. */
  mayLackScopes?: boolean;
  resource?: string;
  /** Who is to act with the token. */
  actor?: string;
  /** In ms since the epoch: when the next poll is due. */
  pollAt: number;
}

/** Beyond these the oldest are dropped. */
const MAX_PENDING = 16;

type PendingIo = Pick<ClientIo, "env" | "platform" | "clock" | "signal">;

/** Those that have not expired, oldest first. Throws CredentialStoreError. */
export async function listPending(io: PendingIo): Promise<PendingApproval[]> {
  const folder = findConfigFolder(io);
  if (folder === undefined) return [];
  const path = pendingPath(folder);
  const text = await wrapStoreErrors(unusable(path), () => readPrivateFile(path));
  return parse(text ?? "").filter(({ expiresAt }) => expiresAt > io.clock.now());
}

/**
 * Runs `request` while no other process requests an approval: many that need the same one at once
 * share a code.
 */
export async function withRequestLock<T>(io: PendingIo, request: () => Promise<T>): Promise<T> {
  const folder = findConfigFolder(io);
  // Without a folder, nothing could be resumed either.
  if (folder === undefined) return await request();
  const lock = join(folder, "locks", "approval-requests.lock");
  return await withFileLock(lock, { signal: io.signal }, request);
}

/** Adds or replaces one. Throws CredentialStoreError. */
export async function rememberPending(pending: PendingApproval, io: PendingIo): Promise<void> {
  await update(io, (entries) => [...entries.filter(({ id }) => id !== pending.id), pending]);
}

export async function forgetPending(id: string, io: PendingIo): Promise<void> {
  await update(io, (entries) => entries.filter((entry) => entry.id !== id));
}

/** Best effort: of a login that is gone, they lead to nothing. */
export async function forgetPendingOfLogin(key: AccountKey, io: PendingIo): Promise<void> {
  await update(
    io,
    (entries) =>
      entries.filter(({ server, account }) => server !== key.server || account !== key.account),
  ).catch(() => {});
}

async function update(
  io: PendingIo,
  change: (entries: PendingApproval[]) => PendingApproval[],
): Promise<void> {
  const folder = configFolder(io);
  const path = pendingPath(folder);
  await wrapStoreErrors(unusable(path), async () => {
    // Most machines never have one: no lock is created for them.
    if (readPrivateFile(path) === undefined && change([]).length === 0) return;
    const lock = join(folder, "locks", "pending-approvals.lock");
    await withFileLock(lock, { signal: io.signal }, async () => {
      const next = change(await listPending(io)).slice(-MAX_PENDING);
      if (next.length === 0) await removePrivateFile(path);
      else await writePrivateFile(path, `${JSON.stringify({ pending: next }, undefined, 2)}\n`);
    });
  });
}

function pendingPath(folder: string): string {
  return join(folder, "pending-approvals.json");
}

function unusable(path: string): string {
  return `The list of pending approvals ${path} cannot be used`;
}

/** A damaged file counts as empty: an approval can be requested again. */
function parse(text: string): PendingApproval[] {
  try {
    const { pending } = Object(JSON.parse(text));
    return Array.isArray(pending) ? pending.filter(isPending) : [];
  } catch {
    return [];
  }
}

function isPending(value: unknown): value is PendingApproval {
  const entry = Object(value);
  const { account = "", sid = "", resource = "", actor = "", scopes } = entry;
  const texts = [
    ...["id", "server", "subject", "requestId", "deviceCode", "userCode", "verificationUri"]
      .map((name) => entry[name]),
    ...[account, sid, resource, actor, entry.verificationUriComplete ?? ""],
  ];
  return texts.every((text) => typeof text === "string") &&
    ["expiresAt", "intervalMs", "pollAt"].every((name) => Number.isFinite(entry[name])) &&
    Array.isArray(scopes) && scopes.every((scope) => typeof scope === "string");
}
