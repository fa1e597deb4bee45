import { brand } from "../../shared/brand.ts";
import { listText, valueText } from "../../shared/list_text.ts";
import type { SigningAlgorithm } from "../config/server_config.ts";
import { DomainError } from "../domain_error.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import { type SigningKeyState, signingKeyState } from "../tokens/signing_keys.ts";
import { KeyError, readPrivateKey } from "../tokens/import_key.ts";
import { REMOVED_KEY } from "../validation/token_validator.ts";
import type { Empty, Operation } from "./operation.ts";

export interface ListedKey {
  kid: string;
  algorithm: string;
  state: SigningKeyState;
  createdAt: string;
  activatesAt?: string;
  expiresAt?: string;
}

/** The published keys and their states. */
export const listKeys: Operation<Empty, ListedKey[]> = async ({ keys, clock }) => {
  const now = new Date(clock.now());
  const stored = await keys.list();
  return stored.map((key) => ({
    kid: key.kid,
    algorithm: key.algorithm,
    state: signingKeyState(key, stored, now),
    createdAt: key.createdAt.toISOString(),
    activatesAt: key.activatesAt?.toISOString(),
    expiresAt: key.expiresAt?.toISOString(),
  }));
};

/** Makes the next key sign, see SigningKeys.rotate. */
export const rotateKeys: Operation<
  { force: boolean },
  { activatesAt: string } | DomainError
> = async ({ sql, clock, keys }, { force }) => {
  const listed = await keys.list();
  if (listed.length > 0 && listed.every(({ activatesAt }) => activatesAt !== undefined)) {
    return new DomainError(
      "conflict",
      "There is no next key: signing_key_file or signing_key_command has the one that signs. To " +
        "replace it, change what the setting names and restart the servers.",
    );
  }
  const activatesAt = await keys.rotate(force);
  await recordAuditEvent(sql, clock, {
    event: "signing_key.rotated",
    actor: "operator",
    details: { activates_at: activatesAt.toISOString(), forced: force },
  });
  return { activatesAt: activatesAt.toISOString() };
};

/** Removes a key that has leaked, see SigningKeys.remove. Replicas are notified by the database. */
export const removeKey: Operation<{ kid: string }, { state: SigningKeyState } | DomainError> =
  async ({ sql, clock, keys, tokenValidator, actor = "operator" }, { kid }) => {
    const removed = await keys.remove(kid);
    if (removed === undefined) {
      const known = (await keys.list()).map((key) => key.kid);
      return new DomainError(
        "not_found",
        `There is no signing key ${valueText(kid)}. The keys are ${listText(known, "none")}.`,
        { field: "kid" },
      );
    }
    tokenValidator?.invalidate(REMOVED_KEY);
    await recordAuditEvent(sql, clock, {
      event: "signing_key.removed",
      actor,
      subject: kid,
      details: { state: removed.state },
    });
    return removed;
  };

/** Adds a key of the operator, in PEM or as a JWK: see SigningKeys.add. */
export const importKey: Operation<
  { key: string; algorithm?: SigningAlgorithm; activate?: boolean; force?: boolean },
  { kid: string; algorithm: SigningAlgorithm; activatesAt?: string } | DomainError
> = async (
  { sql, clock, keys, actor = "operator" },
  { key: text, algorithm: requested, activate = false, force = false },
) => {
  let key;
  try {
    key = await readPrivateKey(text, requested);
  } catch (error) {
    if (!(error instanceof KeyError)) throw error;
    return new DomainError("invalid", `The key cannot be used: ${error.message}.`, {
      field: "key",
    });
  }
  const { kid, algorithm } = key;
  const added = await keys.add(key, { activate, force });
  switch (added) {
    case "exists":
      return new DomainError(
        "conflict",
        `There is a key with this id or this public key already: ${kid}.`,
      );
    case "was_removed":
      return new DomainError(
        "conflict",
        `The key ${kid} was removed, and a removed key is never used again. Generate another one.`,
      );
    case "not_in_use":
      return new DomainError(
        "conflict",
        `Nothing signs with ${algorithm}. Set signing_algorithm, or that of a resource, to it and ` +
          `start the server, or pass another algorithm that fits the key. To see the keys, run: ` +
          `${brand.binaryName} admin keys list`,
      );
  }
  const activatesAt = added.activatesAt?.toISOString();
  await recordAuditEvent(sql, clock, {
    event: "signing_key.imported",
    actor,
    subject: kid,
    details: { algorithm, activates_at: activatesAt ?? null, forced: force },
  });
  return { kid, algorithm, activatesAt };
};
