import { formatBoundedCount } from "../../../shared/bounded_count.ts";
import { brand } from "../../../shared/brand.ts";
import { type Finding, ok, warning } from "../../../shared/finding.ts";
import { readExpiringThings } from "../../store/database_facts.ts";
import type { DoctorDeps } from "./examine.ts";
import { named } from "./named.ts";

const DAYS = 7;
const MAX_NAMES = 5;

/** What stops working within a week unless an operator acts. */
export async function expiringFindings({ sql, clock }: DoctorDeps): Promise<Finding[]> {
  const { userTokens, serviceAccountTokens, trustRules } = await readExpiringThings(sql, {
    now: new Date(clock.now()),
    days: DAYS,
    limit: MAX_NAMES,
  });
  const findings: Finding[] = [];
  if (serviceAccountTokens > 0) {
    findings.push(
      warning(
        "expiring_tokens",
        `${formatBoundedCount(serviceAccountTokens)} tokens of service accounts expire within ` +
          `${DAYS} days`,
        "Rotate them: /admin/tokens lists them first with the filter for tokens that expire soon.",
      ),
    );
  }
  if (trustRules.length > 0) {
    findings.push(
      warning(
        "expiring_rules",
        `trust rules end within ${DAYS} days: ${named(trustRules)}`,
        `Extend them: ${brand.binaryName} admin trust edit`,
      ),
    );
  }
  if (findings.length > 0) return findings;
  const others = userTokens === 0
    ? "nothing expires"
    : `${formatBoundedCount(userTokens)} tokens of users expire; their owners are reminded`;
  return [ok("expiring", `within ${DAYS} days: ${others}`)];
}
