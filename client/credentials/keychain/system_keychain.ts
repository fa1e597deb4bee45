/**
 * The keychain of macOS, Windows, or a Linux desktop (Secret Service), with a limit on every
 * wait. docs/decisions/0017-secret-service-without-add-on.md
 */
import type { ClientIo } from "../../io.ts";
import type { KeychainBackend } from "./backend.ts";
import { type AbortableKeychain, limitTime } from "./time_limit.ts";

/** Loads and opens nothing before the first call. */
export function systemKeychain(
  { env, platform }: Pick<ClientIo, "env" | "platform">,
): KeychainBackend {
  let opened: Promise<AbortableKeychain> | undefined;
  const keychain = () => opened ??= platform.os === "linux" ? secretService(env) : addOn();
  return limitTime({
    get: async (user, signal) => await (await keychain()).get(user, signal),
    set: async (user, secret, signal) => await (await keychain()).set(user, secret, signal),
    delete: async (user, signal) => await (await keychain()).delete(user, signal),
  });
}

async function secretService(env: ClientIo["env"]): Promise<AbortableKeychain> {
  const { secretServiceKeychain } = await import("./linux/secret_service_keychain.ts");
  return secretServiceKeychain(env);
}

async function addOn(): Promise<AbortableKeychain> {
  const { addOnKeychain } = await import("./addon_keychain.ts");
  return addOnKeychain();
}
