import { EXIT } from "../../../../shared/exit_codes.ts";
import { sanitizeLine } from "../../../../shared/sanitize.ts";
import type { OperationResult } from "../../../admin/operations.ts";
import type { OperationSession } from "../../../admin/run_operation.ts";
import { nextStep } from "../../../admin/secret_key/next_step.ts";
import type { UnreadableValue } from "../../../admin/secret_key/rotate.ts";
import { pendingValues, type SecretKeyState } from "../../../admin/secret_key/state.ts";
import { DomainError } from "../../../domain_error.ts";
import type { ServerIo } from "../../../io.ts";
import { reportDomainError, reportUsage } from "../../failure.ts";
import { adminSession } from "../command.ts";
import type { DatabaseOptions } from "../../options.ts";

/** A server may have written with the settings from before while the others were rotated. */
const MAX_PASSES = 3;
/** Until every server has been notified of the new format. */
const PAUSE_MS = 1500;
const MAX_LISTED = 20;

/** `admin secret-key rotate` */
export async function adminSecretKeyRotate(
  { yes = false, ...options }: DatabaseOptions & { yes?: boolean },
  io: ServerIo,
): Promise<number> {
  return await adminSession(options, io, async (session) => {
    const state = await session.run("startSecretKeyRotation", { start: false });
    if (state instanceof DomainError) return reportDomainError(state, io);
    if (pendingValues(state) === 0 && (state.secretKey === null || state.bindsValues)) {
      io.stdout(`${nextStep(state)}\n`);
      return EXIT.ok;
    }
    const refused = yes ? undefined : await confirm(state, io);
    return refused ?? await rotate(session, state, io);
  });
}

/** Undefined: go on. */
async function confirm(state: SecretKeyState, io: ServerIo): Promise<number | undefined> {
  const { secretKey, bindsValues } = state;
  const pending = pendingValues(state);
  const question = secretKey === null
    ? `secret_key is not set: ${pending} secrets, such as the signing keys, will be in the ` +
      "database as they are, and anyone who can read it or a backup can use them. Decrypt them?"
    : `Encrypt ${pending} values with the key ${secretKey}?${
      bindsValues
        ? ""
        : " Versions before this one cannot read what is encrypted from then on, so each server " +
          "must run this version, and you cannot go back to an older one."
    }`;
  const confirmed = await io.confirm(question);
  if (confirmed === undefined) {
    return reportUsage(`${question} No terminal to ask. To confirm, use --yes.`, io);
  }
  if (confirmed) return undefined;
  io.stderr("Nothing was changed.\n");
  return EXIT.failure;
}

async function rotate(
  session: OperationSession,
  { secretKey }: SecretKeyState,
  io: ServerIo,
): Promise<number> {
  const started = await session.run("startSecretKeyRotation", { start: true });
  if (started instanceof DomainError) return reportDomainError(started, io);
  let rotated = 0;
  let unreadable: UnreadableValue[] = [];
  for (let pass = 1; pass <= MAX_PASSES; pass++) {
    if (pass > 1) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    unreadable = [];
    let inPass = 0;
    let from: Extract<OperationResult<"rotateSecretKeyBatch">, { rotated: number }>["next"];
    do {
      const batch = await session.run("rotateSecretKeyBatch", { secretKey, from });
      if (batch instanceof DomainError) return reportDomainError(batch, io);
      inPass += batch.rotated;
      unreadable.push(...batch.unreadable);
      from = batch.next;
      if (io.signal.aborted) {
        io.stderr(
          `Interrupted after ${rotated + inPass} values. All of them can be read. To continue, ` +
            "run the same command again.\n",
        );
        return EXIT.interrupted;
      }
    } while (from !== undefined);
    rotated += inPass;
    if (pass > 1 && inPass === 0) break;
  }
  const state = await session.run("finishSecretKeyRotation", {
    rotated,
    unreadable: unreadable.length,
  });
  io.stdout(
    secretKey === null
      ? `Decrypted ${rotated} values.\n`
      : `Encrypted ${rotated} values with the key ${secretKey}.\n`,
  );
  if (unreadable.length > 0) return reportUnreadable(unreadable, io);
  io.stdout(`${nextStep(state)}\n`);
  return EXIT.ok;
}

function reportUnreadable(unreadable: readonly UnreadableValue[], io: ServerIo): number {
  io.stderr(
    `Error: ${unreadable.length} values could not be decrypted and were left as they are:\n`,
  );
  for (const { reason } of unreadable.slice(0, MAX_LISTED)) {
    io.stderr(`  - ${sanitizeLine(reason, 500)}\n`);
  }
  if (unreadable.length > MAX_LISTED) {
    io.stderr(`  … and ${unreadable.length - MAX_LISTED} more\n`);
  }
  return EXIT.failure;
}
