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

/** libsecret adds it to what it stores; it does not say whose item it is. */
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
        const found = await service.search(attributes);
        if (found.length === 0) {
          const label = `keyring:${user}@${brand.keychainService}`;
          return await service.create(label, attributes, secret);
        }
        const [item, ...copies] = await chooseOwn(service, found, attributes);
        if (item === undefined) {
          throw new KeychainUnavailable(
            `${found.length} items of other programs have the name of ours; delete them`,
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

async function ownItems(service: SecretService, attributes: Attributes): Promise<FoundItem[]> {
  return await chooseOwn(service, await service.search(attributes), attributes);
}

/** Our items among `found`: the one in use first, then copies of it. A single item is ours. */
async function chooseOwn(
  service: SecretService,
  found: readonly FoundItem[],
  attributes: Attributes,
): Promise<FoundItem[]> {
  if (found.length <= 1) return [...found];
  const candidates: Candidate[] = [];
  for (const item of found) {
    const actual = await service.attributes(item);
    const names = [...actual.keys()].filter((name) => name !== SCHEMA_ATTRIBUTE);
    const isOurs = names.length === attributes.size &&
      names.every((name) => actual.get(name) === attributes.get(name));
    if (!isOurs) continue;
    candidates.push({
      item,
      isExact: actual.size === attributes.size,
      isKept: !service.isTemporary(item),
      modifiedAt: await service.modifiedAt(item),
    });
  }
  return candidates.sort(byPreference).map(({ item }) => item);
}

interface Candidate {
  item: FoundItem;
  /** It does not even have libsecret's attribute: no other program has stored it since. */
  isExact: boolean;
  isKept: boolean;
  modifiedAt: bigint;
}

/** Before copies by other programs, before what ends with the session, before older ones. */
function byPreference(left: Candidate, right: Candidate): number {
  return Number(right.isExact) - Number(left.isExact) ||
    Number(right.isKept) - Number(left.isKept) ||
    Number(right.modifiedAt - left.modifiedAt);
}
