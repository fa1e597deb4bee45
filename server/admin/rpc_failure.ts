/** The running server did not respond to an operator's command, which says what to do next. */
export class RpcFailure extends Error {
  override readonly name = "RpcFailure";
}

const NEXT =
  "It may still carry the operation out, or have done so: look at its log, and check the " +
  "result before you run the command again.";

export function noResponseInTime(timeoutMs: number): RpcFailure {
  const seconds = Math.round(timeoutMs / 1000);
  return new RpcFailure(
    `the running server did not respond within ${seconds} s. ${NEXT} If it answers no other ` +
      "requests either, restart it.",
  );
}

/** It was stopped or killed, for instance. */
export function connectionLost(): RpcFailure {
  return new RpcFailure(
    `the running server closed the connection before it responded. ${NEXT}`,
  );
}
