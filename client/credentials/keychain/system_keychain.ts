/**
 * The keychain of macOS, Windows, or a Linux desktop (Secret Service), with a limit
 * on every wait. docs/decisions/0001-keychain-never-hangs.md
 */
import { TimeoutError, withTimeout } from "../../../shared/deadline.ts";
import { brand } from "../../../shared/brand.ts";
import type { ClientIo } from "../../io.ts";
import { withKernelAlarm } from "./linux/sigalrm.ts";
import { loadKeychainAddOn } from "./native_addon.ts";
import { type KeychainBackend, KeychainUnavailable } from "./backend.ts";
import { type AmbiguousEntry, withAmbiguousEntry } from "./linux/secret_service_items.ts";
import { probeSecretService } from "./linux/secret_service_probe.ts";

type AddOn = Awaited<ReturnType<typeof loadKeychainAddOn>>;
type Entry = InstanceType<AddOn["AsyncEntry"]>;

/** In milliseconds; long enough for someone to unlock a keychain whose password they know. */
const LIMIT_MS = 3000;

/**
 * Loads nothing before the first call. Each call ends within 3 s; after one that
 * did not, the rest fail at once, and a thread may be left waiting that only
 * Deno.exit ends.
 */
export function systemKeychain(
  { env, platform }: Pick<ClientIo, "env" | "platform">,
): KeychainBackend {
  const linux = platform.os === "linux";
  const entries = new Map<string, Entry>();
  let addOn: Promise<AddOn> | undefined;
  let failed: KeychainUnavailable | undefined;

  async function open(signal: AbortSignal): Promise<AddOn> {
    if (linux) await probeSecretService(env, signal);
    return await loadKeychainAddOn();
  }

  async function entryOf(user: string, signal: AbortSignal): Promise<Entry> {
    const { AsyncEntry } = await (addOn ??= open(signal));
    const known = entries.get(user);
    if (known) return known;
    // Asked for by name: by itself the add-on falls back to the kernel's keyring,
    // which loses everything when the machine restarts.
    const make = () =>
      new AsyncEntry(brand.keychainService, user, { linux: { store: "secret-service" } });
    // On Linux this blocks. The probe has just had the same answers, so it returns at
    // once; the alarm is for a bus that falls silent in between.
    const entry = linux ? withKernelAlarm(LIMIT_MS / 1000, make) : make();
    entries.set(user, entry);
    return entry;
  }

  /** Entries do their work on another thread, so this one is free to stop waiting. */
  async function limited<T>(
    user: string,
    work: (entry: Entry) => Promise<T>,
    ambiguous: (entry: AmbiguousEntry) => Promise<T>,
  ): Promise<T> {
    if (failed) throw failed;
    const limit = new AbortController();
    try {
      const done = entryOf(user, limit.signal).then(work).catch((error) => {
        if (!linux || !isAmbiguous(error)) throw error;
        // As the add-on names them.
        const attributes = { service: brand.keychainService, username: user };
        return withAmbiguousEntry(attributes, env, limit.signal, ambiguous);
      });
      return await withTimeout(done, LIMIT_MS);
    } catch (error) {
      if (error instanceof TimeoutError) {
        failed = new KeychainUnavailable(
          `it did not answer within ${LIMIT_MS / 1000} s; it may be locked`,
        );
        limit.abort(failed);
        throw failed;
      }
      throw error instanceof KeychainUnavailable ? error : unavailable(error);
    }
  }

  return {
    async get(user) {
      const secret = await limited<ArrayLike<number> | null | undefined>(
        user,
        (entry) => entry.getSecret(),
        (entry) => entry.get(),
      );
      return secret ? Uint8Array.from(secret) : undefined;
    },
    async set(user, secret) {
      await limited(user, (entry) => entry.setSecret(secret), (entry) => entry.set(secret));
    },
    async delete(user) {
      await limited<unknown>(
        user,
        (entry) => entry.deleteCredential(),
        (entry) => entry.delete(),
      );
    },
  };
}

/** The add-on has no error codes; this is keyring's Ambiguous. */
function isAmbiguous(error: unknown): boolean {
  return error instanceof Error && /^Entry is matched by \d+ credentials/.test(error.message);
}

/** The add-on's words name its own parts, never what is stored. */
function unavailable(error: unknown): KeychainUnavailable {
  const [why] = String(error instanceof Error ? error.message : error).split("\n");
  return new KeychainUnavailable(why);
}
