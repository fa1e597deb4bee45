import { type Finding, ok, problem, warning } from "../../../shared/finding.ts";
import type { DoctorDeps } from "./examine.ts";

/** Signs in at the mail server and sends the webhook a `ping`; sends no mail. */
export async function notificationFindings(
  { mail, webhook, config }: DoctorDeps,
): Promise<Finding[]> {
  return await Promise.all([
    config.mail === undefined
      ? warning(
        "mail",
        "smtp_url is not set: users are not notified of a leaked token or a new password",
        "Set smtp_url and mail_from.",
      )
      : tried("mail", "the mail server accepts the sign-in", await mail.verify(), "smtp_url"),
    ...config.webhook === undefined
      ? []
      : [tried("webhook", "accepted a ping", await webhook!.ping(), "webhook_url")],
  ]);
}

function tried(
  check: string,
  success: string,
  failure: string | undefined,
  setting: string,
): Finding {
  return failure === undefined ? ok(check, success) : problem(
    check,
    failure,
    `Check ${setting} and the receiver; ${check}_failed is in the log.`,
  );
}
