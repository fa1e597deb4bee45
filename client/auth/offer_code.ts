import type { ClientIo } from "../io.ts";
import {
  authorizeDevice,
  type DeviceAuthorizationRequest,
  pollForTokens,
  type ReceivedTokens,
} from "../oauth/device_flow.ts";
import type { AuthorizationServer } from "../oauth/discovery.ts";
import { startCountdown } from "../ui/countdown.ts";
import { showCode, type ShowCodeOptions } from "../ui/show_code.ts";

export interface OfferedCode {
  /** Does not settle once polling was stopped. */
  tokens: Promise<ReceivedTokens>;
  /** Stops polling, without interrupting a running poll: it may get the tokens, which then count. */
  stop(): Promise<"tokens" | "stopped">;
  /** Removes the countdown. */
  clear(): void;
}

const STOPPED = Symbol("stopped");

/** Shows a code and polls until the user has decided (RFC 8628). */
export async function offerCode(
  server: AuthorizationServer,
  request: DeviceAuthorizationRequest,
  options: ShowCodeOptions & { note?: string },
  io: ClientIo,
): Promise<OfferedCode> {
  const authorization = await authorizeDevice(server, request, io);
  if (options.note !== undefined) io.stderr(`${options.note}\n`);
  await showCode(authorization, options, io);
  const line = startCountdown(authorization.expiresAt, io);
  const { promise: stopped, reject: stop } = Promise.withResolvers<never>();
  stopped.catch(() => {});
  const wait = (ms: number) => Promise.race([line.wait(ms), stopped]);
  const polling = pollForTokens(server, authorization, io, wait);
  const tokens = polling.catch((error) => {
    if (error === STOPPED) return new Promise<never>(() => {});
    throw error;
  });
  return {
    tokens,
    async stop() {
      stop(STOPPED);
      return await polling.then(() => "tokens" as const, () => "stopped" as const);
    },
    clear: line.clear,
  };
}
