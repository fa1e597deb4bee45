import type { SignedLine } from "./signed_lines.ts";

/** Where lines are delivered to. */
export interface StreamTarget {
  /** Resolves once the target has accepted all lines; throws DeliveryError otherwise. */
  send(lines: readonly SignedLine[]): Promise<void>;
  close(): void;
}

/** Why lines were not accepted, for the log. */
export class DeliveryError extends Error {
  override readonly name = "DeliveryError";
  constructor(message: string, readonly isTooLarge = false) {
    super(message);
  }
}
