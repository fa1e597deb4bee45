import { brand } from "../../../shared/brand.ts";
import { type Finding, ok, problem, warning } from "../../../shared/finding.ts";
import { nextStep, otherKeys } from "../secret_key/next_step.ts";
import { pendingValues, readStateUpTo, type SecretKeyState } from "../secret_key/state.ts";
import { signingKeyState } from "../../tokens/signing_keys.ts";
import type { DoctorDeps, Extent } from "./examine.ts";

const DAY_MS = 86_400_000;

/** Stored secrets of one table that a page looks at. */
const BRIEF_ROWS = 5000;

export async function keyFindings(deps: DoctorDeps, extent: Extent): Promise<Finding[]> {
  return [await signingKeyFinding(deps), ...await secretKeyFindings(deps, extent)];
}

async function signingKeyFinding({ keys, clock, config }: DoctorDeps): Promise<Finding> {
  const stored = await keys.list();
  const now = new Date(clock.now());
  const active = stored.find((key) => signingKeyState(key, stored, now) === "active");
  if (active === undefined) {
    return problem(
      "signing_keys",
      "there is no active key",
      "Start the server, which creates one.",
    );
  }
  const age = now.getTime() - (active.activatesAt ?? active.createdAt).getTime();
  const days = Math.floor(age / DAY_MS);
  const duration = days < 1 ? "less than a day" : days === 1 ? "1 day" : `${days} days`;
  return age > config.keyRotation * 1000 + DAY_MS
    ? problem(
      "signing_keys",
      `${active.kid} has signed for ${duration}, and should have been replaced`,
      `See housekeeping, or run: ${brand.binaryName} admin keys rotate`,
    )
    : ok("signing_keys", `${active.kid} (${active.algorithm}) has signed for ${duration}`);
}

async function secretKeyFindings(deps: DoctorDeps, { brief }: Extent): Promise<Finding[]> {
  const { isEnabled, acceptedKeyIds } = deps.encryption;
  const disabled = warning(
    "secret_key",
    "is not set: with the database or a backup, anyone can sign tokens",
    `Set secret_key: ${brand.binaryName} admin secret-key generate`,
  );
  if (acceptedKeyIds.length === 0) return [disabled];
  const maxRows = brief ? BRIEF_ROWS : Infinity;
  const { state, isWhole } = await readStateUpTo(deps, maxRows);
  const pending = pendingValues(state);
  const all = isWhole ? "all stored secrets" : `the first ${maxRows} stored secrets of each kind`;
  return [
    !isEnabled
      ? disabled
      : pending === 0
      ? ok("secret_key", `${state.secretKey} encrypts ${all}`)
      : warning(
        "secret_key",
        `${pending} stored secrets are not encrypted with it`,
        nextStep(state),
      ),
    ...otherKeyFindings(state, pending === 0 && isWhole),
  ];
}

/** Keys of `previous_secret_keys`: those before `secret_key`, and the next one. */
function otherKeyFindings(state: SecretKeyState, isUnused: boolean): Finding[] {
  const { length: count } = otherKeys(state);
  if (count === 0) return [];
  const check = "previous_secret_keys";
  const kept = `${count} ${count === 1 ? "key is" : "keys are"} kept besides secret_key`;
  return [
    isUnused
      ? warning(
        check,
        `${kept}, and nothing is encrypted with ${count === 1 ? "it" : "them"}`,
        nextStep(state),
      )
      : {
        ...ok(check, kept),
        advice: `Whether they are used: ${brand.binaryName} admin secret-key status`,
      },
  ];
}
