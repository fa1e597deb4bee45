import { hasSecondFactor, type SecondFactors } from "../../../store/second_factors.ts";
import { formatCount } from "../../../../shared/bounded_count.ts";
import { RECOVERY_CODES_PATH } from "./paths.ts";

/** Null for a user without a second factor, whom recovery codes would not help. */
export function RecoveryCodesSection({ factors }: { factors: SecondFactors }) {
  if (!hasSecondFactor(factors)) return null;
  const { recoveryCodes } = factors;
  return (
    <section id="recovery-codes">
      <h2>Recovery codes</h2>
      <p>
        {recoveryCodes === 0
          ? "You have no recovery codes. Create some, so that you can sign in without your second factor."
          : `You have ${
            formatCount(recoveryCodes, "recovery code")
          } left. Each works once, in place of your second factor.`}
      </p>
      <p>
        <a class="button" href={RECOVERY_CODES_PATH}>Create new recovery codes</a>
      </p>
    </section>
  );
}
