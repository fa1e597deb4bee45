import { basename } from "node:path";
import { brand } from "../../shared/brand.ts";
import { describeFailedRun } from "./command_under_test.ts";
import type { FaultProxy } from "./fault_proxy.ts";
import type { OwnServer } from "./own_server.ts";
import { runCommand } from "./run_command.ts";
import type { Sandbox } from "./sandbox.ts";
import { approve } from "./scripted_user.ts";

/** The command cannot be tested. */
export class CheckError extends Error {
  override readonly name = "CheckError";
}

/** How often to look for an address that the command opened in a browser. */
const LOOK_MS = 100;

/** How a command logs in: undefined if the user has to say it. */
export function loginCommand(
  login: string | undefined,
  [program]: readonly string[],
): readonly string[] | undefined {
  if (login !== undefined) {
    return Deno.build.os === "windows" ? ["cmd.exe", "/c", login] : ["/bin/sh", "-c", login];
  }
  const name = basename(program).replace(/\.exe$/i, "");
  return name === brand.binaryName
    ? [program, "login", "--device", "--no-browser", "--insecure-storage"]
    : undefined;
}

/** Logs the command in, as the user who approves what it asks for. Throws CheckError. */
export async function logIn(
  login: readonly string[],
  { proxy, server, sandbox, limitMs, signal }: {
    proxy: FaultProxy;
    server: OwnServer;
    sandbox: Sandbox;
    limitMs: number;
    signal: AbortSignal;
  },
): Promise<void> {
  const approveAt = (address: string) =>
    approve(address, proxy.origin, server.account).catch(() => false);
  let approvals = 0;
  proxy.onDeviceAuthorization = async (address) => {
    if (await approveAt(address)) approvals++;
  };
  const run = runCommand(login, { env: sandbox.env, cwd: Deno.cwd(), limitMs });
  const looking = setInterval(async () => {
    for (const address of await sandbox.openedAddresses()) {
      // Device codes are approved before the command opens their address.
      if (!URL.canParse(address) || address.includes("user_code=")) continue;
      if (await approveAt(address)) approvals++;
    }
  }, LOOK_MS);
  const stop = () => run.kill();
  signal.addEventListener("abort", stop, { once: true });
  try {
    const result = await run.result;
    signal.throwIfAborted();
    if (result.code === 0 && proxy.secrets.latestRefreshToken !== undefined) return;
    const reason = result.code !== 0
      ? describeFailedRun(result, proxy.secrets)
      : "the server issued no refresh token. Request the scope offline_access.";
    const hint = approvals > 0
      ? ""
      : `${reason.endsWith(".") ? "" : "."} It requested no login at the server of the check: ` +
        "give it the address {server} in --login or in --env.";
    throw new CheckError(`the login command failed: ${reason}${hint}`);
  } finally {
    clearInterval(looking);
    signal.removeEventListener("abort", stop);
    proxy.onDeviceAuthorization = undefined;
  }
}
