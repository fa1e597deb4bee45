/**
 * Our entries in a Linux keychain. An item counts as ours if it has the attributes of the entry;
 * where several do, the one that has no others. They are as the keyring libraries of other
 * languages name them, so that `secret-tool` and Seahorse show them as usual.
 */
import { brand } from "../../../../shared/brand.ts";
import { KeychainUnavailable } from "../backend.ts";
import type { AbortableKeychain } from "../time_limit.ts";
import { type Attributes, type FoundItem, SecretService } from "./secret_service.ts";
import type { SessionBus } from "./session_bus.ts";

/**
 * Says nothing about whose item it is: libsecret adds it to items that it stores, and GNOME
 * Keyring to every item of a collection that it reads again from its file.
 */
const SCHEMA_ATTRIBUTE = "xdg:schema";

/** Opens the bus on first use. Each call throws KeychainUnavailable, or the signal's reason. */
export function secretServiceKeychain(
  env: Readonly<Record<string, string | undefined>>,
): AbortableKeychain {
  let bus: SessionBus | undefined;
  let service: Promise<SecretService> | undefined;
  let previous: Promise<unknown> = Promise.resolve();

  async function run<T>(
    signal: AbortSignal,
    work: (service: SecretService) => Promise<T>,
  ): Promise<T> {
    const close = () => {
      bus?.close();
      service = undefined;
    };
    signal.throwIfAborted();
    signal.addEventListener("abort", close, { once: true });
    try {
      service ??= SecretService.open(env, (opened) => {
        bus = opened;
        if (signal.aborted) close();
      });
      return await work(await service);
    } catch (error) {
      close();
      signal.throwIfAborted();
      if (error instanceof KeychainUnavailable || !(error instanceof Error)) throw error;
      throw new KeychainUnavailable(`the D-Bus session bus failed (${error.message})`);
    } finally {
      signal.removeEventListener("abort", close);
    }
  }

  /** One after the other: they share the connection. */
  function inTurn<T>(
    signal: AbortSignal,
    work: (service: SecretService) => Promise<T>,
  ): Promise<T> {
    const result = previous.then(() => run(signal, work));
    previous = result.catch(() => {});
    return result;
  }

  return {
    get: (user, signal) =>
      inTurn(signal, async (service) => {
        const [item] = await ownItems(service, attributesOf(user));
        return item && await service.read(item);
      }),
    set: (user, secret, signal) =>
      inTurn(signal, async (service) => {
        const attributes = attributesOf(user);
        const items = await service.search(attributes);
        if (items.length === 0) {
          return await service.create(labelOf(attributes), attributes, secret);
        }
        const [item, ...copies] = await chooseOwn(service, items, attributes);
        if (item === undefined) {
          throw new KeychainUnavailable(
            `${items.length} items of other programs have the same attributes; delete them`,
          );
        }
        await service.replace(item, secret);
        for (const copy of copies) await service.delete(copy);
      }),
    delete: (user, signal) =>
      inTurn(signal, async (service) => {
        for (const item of await ownItems(service, attributesOf(user))) await service.delete(item);
      }),
  };
}

function attributesOf(user: string): Attributes {
  return new Map([["service", brand.keychainService], ["username", user]]);
}

/** As the keyring libraries of other languages write it. */
function labelOf(attributes: Attributes): string {
  return `keyring:${attributes.get("username")}@${attributes.get("service")}`;
}

async function ownItems(service: SecretService, attributes: Attributes): Promise<FoundItem[]> {
  return await chooseOwn(service, await service.search(attributes), attributes);
}

/** Our items among `items`: the one in use first, then copies of it. A single item is ours. */
async function chooseOwn(
  service: SecretService,
  items: readonly FoundItem[],
  attributes: Attributes,
): Promise<FoundItem[]> {
  if (items.length <= 1) return [...items];
  const candidates: Candidate[] = [];
  for (const item of items) {
    const actual = await service.attributes(item);
    const names = [...actual.keys()].filter((name) => name !== SCHEMA_ATTRIBUTE);
    const isOurs = names.length === attributes.size &&
      names.every((name) => actual.get(name) === attributes.get(name));
    if (!isOurs) continue;
    candidates.push({
      item,
      isTemporary: service.isTemporary(item),
      hasOurLabel: await service.label(item) === labelOf(attributes),
      modifiedAt: await service.modifiedAt(item),
    });
  }
  return candidates.sort(byPreference).map(({ item }) => item);
}

interface Candidate {
  item: FoundItem;
  isTemporary: boolean;
  hasOurLabel: boolean;
  modifiedAt: bigint;
}

/** Before items that are forgotten with the session, copies by other programs, and older items. */
function byPreference(left: Candidate, right: Candidate): number {
  return Number(left.isTemporary) - Number(right.isTemporary) ||
    Number(right.hasOurLabel) - Number(left.hasOurLabel) ||
    Number(right.modifiedAt - left.modifiedAt);
}
