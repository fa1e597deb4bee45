/** The failure of a command that needs a user's approval and does not wait for it. */
import { brand } from "../../shared/brand.ts";
import { ClientError } from "../errors.ts";
import type { PendingApproval } from "./pending_approvals.ts";

/** `reason` is a sentence: why an approval is needed. */
export class ApprovalRequiredError extends ClientError {
  constructor(readonly pending: PendingApproval, private readonly reason: string) {
    super(
      "approval_required",
      `${whereToApprove(pending, reason)} Then run: ${resumeCommand(pending)}`,
    );
  }

  /** For a command that is not `token`: it continues the approval when it runs again. */
  forOtherCommand(): ClientError {
    return new ClientError(
      "approval_required",
      `${whereToApprove(this.pending, this.reason)} Then run this command again.`,
    );
  }

  /** For programs, as `token` prints it. */
  toJson(): Record<string, unknown> {
    const { pending } = this;
    return {
      error: this.code,
      message: this.message,
      verificationUri: pending.verificationUri,
      verificationUriComplete: pending.verificationUriComplete ?? null,
      userCode: pending.userCode,
      expiresAt: new Date(pending.expiresAt).toISOString(),
      interval: Math.ceil(pending.intervalMs / 1000),
      scopes: pending.scopes,
      resource: pending.resource ?? null,
      server: pending.server,
      account: pending.account ?? null,
      id: pending.id,
      resume: resumeCommand(pending),
    };
  }
}

function whereToApprove(
  { verificationUri, verificationUriComplete, userCode }: PendingApproval,
  reason: string,
): string {
  return `${reason} A person has to approve it at ${verificationUriComplete ?? verificationUri} ` +
    `(code ${userCode}).`;
}

function resumeCommand({ id }: PendingApproval): string {
  return `${brand.binaryName} token --resume ${id}`;
}
