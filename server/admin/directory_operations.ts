import { brand } from "../../shared/brand.ts";
import { valueText } from "../../shared/list_text.ts";
import { nameKey } from "../../shared/name_key.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import { removeGroupSource } from "../access/external_groups.ts";
import { DomainError } from "../domain_error.ts";
import { auditedChanges } from "../store/audited_changes.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import type { Transaction } from "../store/db/connect.ts";
import {
  deleteDirectory,
  type Directory,
  findDirectory,
  insertDirectory,
  listDirectories,
  type ListedDirectory,
  lockDirectory,
  rotateDirectoryToken,
  updateDirectory as storeDirectory,
} from "../store/directories/directories.ts";
import { adminEvent } from "./admin_event.ts";
import { managingFile } from "../store/managed_file.ts";
import { rolledBack } from "./group_operations.ts";
import { keepingAnAdministrator } from "./last_administrator.ts";
import { editing } from "./managed.ts";
import type { AdminDeps, Empty } from "./operation.ts";
import { SCIM_PATH } from "./scim_path.ts";

/** What the operations on directories need. */
export type DirectoryDeps = Pick<
  AdminDeps,
  "sql" | "clock" | "issuer" | "actor" | "address" | "loginId" | "applying"
>;

type DirectoryOperation<Params, Result> = (deps: DirectoryDeps, params: Params) => Promise<Result>;

/** A directory as operators see it. */
export interface DirectoryView {
  name: string;
  /** What the directory calls its tenant URL or base URL. */
  url: string;
  /** Mail domains that it may provision, and whose existing accounts it may take over. */
  domains: string[];
  /** How many it has provisioned. */
  users: number;
  groups: number;
  tokenPrefix: string;
  /** ISO 8601, as all times. */
  tokenCreatedAt: string;
  previousTokenExpiresAt: string | null;
  createdAt: string;
  lastUsedAt: string | null;
  disabledAt: string | null;
  /** The file that manages it (`admin apply`); null: it is managed by hand. */
  managedBy: string | null;
}

/** The name is part of the names of its groups, such as okta:Deployers. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
const MAX_DIRECTORIES = 100;
const MAX_DOMAINS = 50;

/** Connects a directory. The token arrives hashed, in base64. */
export const addDirectory: DirectoryOperation<
  { name: string; domains: string[]; tokenHash: string; tokenPrefix: string },
  DirectoryView | DomainError
> = async (deps, { name, domains, tokenHash, tokenPrefix }) => {
  if (!NAME.test(name)) {
    return new DomainError(
      "invalid",
      `${
        valueText(sanitizeLine(name, 100))
      } is not a valid name. Use up to 64 letters, digits and ` +
        "the characters _ . -, and start with a letter or a digit.",
      { field: "name" },
    );
  }
  const allowed = readDomains(domains);
  if (allowed instanceof DomainError) return allowed;
  return await inTransaction(deps, async (tx, now) => {
    if ((await listDirectories(tx)).length >= MAX_DIRECTORIES) {
      return new DomainError(
        "conflict",
        `There are already ${MAX_DIRECTORIES} directories. Remove one that is not needed.`,
      );
    }
    const directory = { name, domains: allowed, tokenHash: bytes(tokenHash), tokenPrefix, now };
    if (!await insertDirectory(tx, directory)) {
      return new DomainError("conflict", `There is already a directory ${name}.`, {
        field: "name",
        commandHint:
          `For a new token of it, run: ${brand.binaryName} admin scim rotate-token ${name}`,
      });
    }
    await audit(tx, deps, name, "directory.created", { domains: allowed.join(" ") });
    return await viewOf(tx, deps, name);
  });
};

export const listAllDirectories: DirectoryOperation<Empty, DirectoryView[]> = async (deps) =>
  (await listDirectories(deps.sql)).map((directory) => directoryView(deps, directory));

export const showDirectory: DirectoryOperation<{ name: string }, DirectoryView | DomainError> =
  async (deps, { name }) => {
    const directory = await findDirectory(deps.sql, name);
    return directory === undefined ? noSuchDirectory(name) : directoryView(deps, directory);
  };

/** Changes the mail domains. Accounts that the directory has already stay with it. */
export const updateDirectory: DirectoryOperation<
  { name: string; domains?: string[] },
  DirectoryView | DomainError
> = editing("directory", ({ name }) => name, async (deps, { name, domains }) => {
  if (domains === undefined) return await showDirectory(deps, { name });
  const allowed = readDomains(domains);
  if (allowed instanceof DomainError) return allowed;
  return await changeDirectory(deps, name, async (tx, { id }, now) => {
    const before = (await findDirectory(tx, name))?.domains;
    await storeDirectory(tx, id, { domains: allowed, now });
    await audit(tx, deps, name, "directory.changed", {
      domains: allowed.join(" "),
      ...auditedChanges({ domains: before }, { domains: allowed }),
    });
  });
});

/** Replaces the token; the present one is accepted for `overlapSeconds` more. */
export const rotateToken: DirectoryOperation<
  {
    name: string;
    tokenHash: string;
    tokenPrefix: string;
    overlapSeconds: number;
    /** The prefix of the token to replace: a form that is sent twice rotates once. */
    replaces?: string;
  },
  DirectoryView | DomainError
> = async (deps, { name, tokenHash, tokenPrefix, overlapSeconds, replaces }) =>
  await changeDirectory(deps, name, async (tx, directory, now) => {
    if (replaces !== undefined && replaces !== directory.tokenPrefix) {
      return new DomainError("conflict", "The token was replaced in the meantime.");
    }
    await rotateDirectoryToken(tx, {
      id: directory.id,
      tokenHash: bytes(tokenHash),
      tokenPrefix,
      previousExpiresAt: new Date(now.getTime() + overlapSeconds * 1000),
      now,
    });
    await audit(tx, deps, name, "directory.token_rotated", { overlap_seconds: overlapSeconds });
  });

/** While a directory is disabled, its requests are rejected. Its accounts stay as they are. */
export const setDirectoryDisabled: DirectoryOperation<
  { name: string; disabled: boolean },
  DirectoryView | DomainError
> = editing(
  "directory",
  ({ name }) => name,
  async (deps, { name, disabled }) =>
    await changeDirectory(deps, name, async (tx, { id }, now) => {
      await storeDirectory(tx, id, { disabled, now });
      await audit(tx, deps, name, disabled ? "directory.disabled" : "directory.enabled");
    }),
);

/**
 * Removes a directory. Its accounts stay, enabled or disabled; its groups lose their members, unless
 * no administrator who can sign in would be left.
 */
export const removeDirectory: DirectoryOperation<
  { name: string },
  { users: number; groups: number } | DomainError
> = editing(
  "directory",
  ({ name }) => name,
  async (deps, { name }) =>
    await inTransaction(deps, async (tx) => {
      const locked = await lockDirectory(tx, name);
      const directory = await findDirectory(tx, name);
      if (locked === undefined || directory === undefined) return noSuchDirectory(name);
      const { users, groups } = directory;
      const { actor = "operator", address } = deps;
      await keepingAnAdministrator(tx, {}, async () => {
        await deleteDirectory(tx, directory.id);
        // Last: deleting waits for requests that change members.
        await removeGroupSource(tx, deps, { source: `scim:${name}`, actor, address });
      });
      await audit(tx, deps, name, "directory.removed", { users, groups });
      return { users, groups };
    }),
);

async function changeDirectory(
  deps: DirectoryDeps,
  name: string,
  change: (tx: Transaction, directory: Directory, now: Date) => Promise<DomainError | void>,
): Promise<DirectoryView | DomainError> {
  return await inTransaction(deps, async (tx, now) => {
    const directory = await lockDirectory(tx, name);
    if (directory === undefined) return noSuchDirectory(name);
    const refusal = await change(tx, directory, now);
    return refusal instanceof DomainError ? refusal : await viewOf(tx, deps, name);
  });
}

async function inTransaction<Result>(
  { sql, clock }: DirectoryDeps,
  change: (tx: Transaction, now: Date) => Promise<Result | DomainError>,
): Promise<Result | DomainError> {
  return await sql.begin((tx) => change(tx, new Date(clock.now())))
    .catch(rolledBack) as Result | DomainError;
}

async function audit(
  tx: Transaction,
  deps: DirectoryDeps,
  name: string,
  event:
    | "directory.created"
    | "directory.changed"
    | "directory.token_rotated"
    | "directory.disabled"
    | "directory.enabled"
    | "directory.removed",
  details: Record<string, string | number> = {},
): Promise<void> {
  await recordAuditEvent(tx, deps.clock, adminEvent(deps, { event, subject: name, details }));
}

async function viewOf(
  tx: Transaction,
  deps: DirectoryDeps,
  name: string,
): Promise<DirectoryView> {
  return directoryView(deps, (await findDirectory(tx, name))!);
}

export function directoryView(
  { issuer, clock }: Pick<DirectoryDeps, "issuer" | "clock">,
  directory: ListedDirectory,
): DirectoryView {
  const { previousTokenExpiresAt, disabledAt, lastUsedAt } = directory;
  const isOverlapping = previousTokenExpiresAt !== undefined &&
    previousTokenExpiresAt.getTime() > clock.now();
  return {
    name: directory.name,
    url: `${issuer}${SCIM_PATH}`,
    domains: directory.domains,
    users: directory.users,
    groups: directory.groups,
    tokenPrefix: directory.tokenPrefix,
    tokenCreatedAt: directory.tokenCreatedAt.toISOString(),
    previousTokenExpiresAt: isOverlapping ? previousTokenExpiresAt.toISOString() : null,
    createdAt: directory.createdAt.toISOString(),
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
    disabledAt: disabledAt?.toISOString() ?? null,
    managedBy: managingFile(directory),
  };
}

/** Domains as they are compared, each once. */
function readDomains(domains: readonly string[]): string[] | DomainError {
  const keys = [...new Set(domains.map((domain) => nameKey(domain.trim().replace(/^@/, ""))))];
  const invalid = keys.find((key) => !isDomain(key));
  if (invalid !== undefined) {
    return new DomainError(
      "invalid",
      `${valueText(sanitizeLine(invalid, 100))} is not a mail domain. Write it like example.com.`,
      { field: "domains" },
    );
  }
  if (keys.length <= MAX_DOMAINS) return keys;
  return new DomainError("invalid", `A directory has at most ${MAX_DOMAINS} mail domains.`, {
    field: "domains",
  });
}

function isDomain(key: string): boolean {
  const labels = key.split(".");
  return key.length <= 253 && labels.length >= 2 &&
    labels.every((label) => /^[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,62})$/u.test(label));
}

function bytes(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function noSuchDirectory(name: string): DomainError {
  return new DomainError(
    "not_found",
    `There is no directory ${valueText(sanitizeLine(name, 100))}.`,
    {
      field: "name",
      commandHint: `To list all directories, run: ${brand.binaryName} admin scim list`,
    },
  );
}
