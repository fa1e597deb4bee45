import { EncryptionKeyError } from "../../security/encryption.ts";
import type { SealedColumn } from "../../security/sealed_columns.ts";
import { DomainError } from "../../domain_error.ts";
import { recordAuditEvent } from "../../store/audit_events.ts";
import { listOtherSealedValues, replaceSealedValue } from "../../store/sealed_values.ts";
import { startBindingValues } from "../../store/sealing.ts";
import type { AdminDeps } from "../operation.ts";
import { rotationObstacle } from "./next_step.ts";
import { readState, SEALED_COLUMN_NAMES, type SecretKeyState, targetKey } from "./state.ts";

/** Values that one call encrypts: a call of the admin RPC has to be short. */
const BATCH_SIZE = 200;

/**
 * Checks that every server can read what `secret_key` encrypts, and returns the state. With `start`,
 * also allows the format that is bound to the row.
 */
export const startSecretKeyRotation = async (
  deps: AdminDeps,
  { start }: { start: boolean },
): Promise<SecretKeyState | DomainError> => {
  const state = await readState(deps);
  const obstacle = rotationObstacle(state);
  if (obstacle !== undefined) return new DomainError("conflict", obstacle);
  if (start && state.secretKey !== null && !state.bindsValues) {
    await startBindingValues(deps.sql, new Date(deps.clock.now()));
    deps.encryption.bindsValues = true;
  }
  return state;
};

/** A value that could not be decrypted, and why. */
export interface UnreadableValue {
  column: SealedColumn;
  row: string;
  reason: string;
}

export interface RotatedBatch {
  rotated: number;
  unreadable: UnreadableValue[];
  /** Where the next batch starts; absent after the last one. */
  next?: { column: SealedColumn; after?: string };
}

/** Encrypts the next values with `secretKey`, which must be the key of this program still. */
export const rotateSecretKeyBatch = async (
  { sql, encryption }: AdminDeps,
  { secretKey, from }: { secretKey: string | null; from?: RotatedBatch["next"] },
): Promise<RotatedBatch | DomainError> => {
  if ((encryption.keyId ?? null) !== secretKey) {
    return new DomainError("conflict", "The server has another secret_key by now. Start again.");
  }
  if (secretKey !== null) encryption.bindsValues = true;
  const { column, after } = from ?? { column: SEALED_COLUMN_NAMES[0] };
  const target = targetKey({ secretKey });
  const values = await listOtherSealedValues(sql, column, { target, after, limit: BATCH_SIZE });
  const batch: RotatedBatch = { rotated: 0, unreadable: [] };
  for (const { row, value } of values) {
    try {
      const place = { column, row };
      const to = encryption.encrypt(encryption.decrypt(value, place), place);
      // What was changed meanwhile has the current key.
      if (await replaceSealedValue(sql, column, { row, from: value, to })) batch.rotated++;
    } catch (error) {
      if (!(error instanceof EncryptionKeyError)) throw error;
      batch.unreadable.push({ column, row, reason: error.message });
    }
  }
  const last = values.at(-1);
  if (values.length === BATCH_SIZE) return { ...batch, next: { column, after: last!.row } };
  const following = SEALED_COLUMN_NAMES[SEALED_COLUMN_NAMES.indexOf(column) + 1];
  return following === undefined ? batch : { ...batch, next: { column: following } };
};

/** Records that all values have been encrypted with the current key. */
export const finishSecretKeyRotation = async (
  deps: AdminDeps,
  { rotated, unreadable }: { rotated: number; unreadable: number },
): Promise<SecretKeyState> => {
  const state = await readState(deps);
  const { sql, clock, actor = "operator" } = deps;
  await recordAuditEvent(sql, clock, {
    event: "secret_key.rotated",
    actor,
    details: { key: state.secretKey, values: rotated, unreadable },
  });
  return state;
};
