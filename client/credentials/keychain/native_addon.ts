/** The add-on for the keychains of macOS and Windows, loaded when it is needed. */
import { KeychainUnavailable } from "./backend.ts";

type AddOn = typeof import("@napi-rs/keyring");

/**
 * A compiled program carries its target's own `keyring.node` beside its modules
 * (tasks/compile.ts); from sources the npm package finds the platform's.
 */
export async function loadKeychainAddOn(): Promise<AddOn> {
  try {
    if (!Deno.build.standalone) return await import("@napi-rs/keyring");
    const { createRequire } = await import("node:module");
    return createRequire(import.meta.url)("./keyring.node");
  } catch (error) {
    const [why] = String(error instanceof Error ? error.message : error).split("\n");
    // Seen with a temporary folder mounted noexec: the add-on is unpacked there.
    throw new KeychainUnavailable(
      `its add-on cannot be loaded (${why}); if the temporary folder forbids running programs, ` +
        `let TMPDIR name another`,
    );
  }
}
