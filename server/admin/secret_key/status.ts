import type { AdminDeps, Empty } from "../operation.ts";
import { nextStep } from "./next_step.ts";
import { readState, type SecretKeyState } from "./state.ts";

export interface SecretKeyStatus extends SecretKeyState {
  /** What to do next, as sentences. */
  next: string;
}

export const secretKeyStatus = async (deps: AdminDeps, _: Empty): Promise<SecretKeyStatus> => {
  const state = await readState(deps);
  return { ...state, next: nextStep(state) };
};
