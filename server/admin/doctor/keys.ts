import { brand } from "../../../shared/brand.ts";
import { type Finding, ok, problem, warning } from "../../../shared/finding.ts";
import { nextStep } from "../secret_key/next_step.ts";
import { pendingValues, readState } from "../secret_key/state.ts";
import { signingKeyState } from "../../tokens/signing_keys.ts";
import type { DoctorDeps } from "./examine.ts";

const DAY_MS = 86_400_000;

export async function keyFindings(deps: DoctorDeps): Promise<Finding[]> {
  return [await signingKeyFinding(deps), await secretKeyFinding(deps)];
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

async function secretKeyFinding(deps: DoctorDeps): Promise<Finding> {
  if (!deps.encryption.isEnabled) {
    return warning(
      "secret_key",
      "is not set: with the database or a backup, anyone can sign tokens",
      `Set secret_key: ${brand.binaryName} admin secret-key generate`,
    );
  }
  const state = await readState(deps);
  const pending = pendingValues(state);
  return pending === 0
    ? ok("secret_key", `${state.secretKey} encrypts all stored secrets`)
    : warning("secret_key", `${pending} stored secrets are not encrypted with it`, nextStep(state));
}
