/**
 * The keychain of macOS, Windows, or a Linux desktop (Secret Service), with a limit on every
 * wait. docs/decisions/0017-secret-service-without-add-on.md
 */
import type { ClientIo } from "../../io.ts";
import { addOnKeychain } from "./addon_keychain.ts";
import type { KeychainBackend } from "./backend.ts";
import { secretServiceKeychain } from "./linux/secret_service_keychain.ts";
import { limitTime } from "./time_limit.ts";

/** Loads and opens nothing before the first call. */
export function systemKeychain(
  { env, platform }: Pick<ClientIo, "env" | "platform">,
): KeychainBackend {
  return limitTime(platform.os === "linux" ? secretServiceKeychain(env) : addOnKeychain());
}
