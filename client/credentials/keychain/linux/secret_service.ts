/**
 * Items of a Linux keychain over the Secret Service API
 * (https://specifications.freedesktop.org/secret-service/latest/).
 */
import { KeychainUnavailable } from "../backend.ts";
import type { DbusValue } from "./dbus_value.ts";
import { ALGORITHM, decryptSecret, encryptSecret, KeyAgreement } from "./secret_encryption.ts";
import { BusError, SessionBus } from "./session_bus.ts";

const DESTINATION = "org.freedesktop.secrets";
const SERVICE = "org.freedesktop.Secret.Service";
const COLLECTION = "org.freedesktop.Secret.Collection";
const ITEM = "org.freedesktop.Secret.Item";
const PROMPT = "org.freedesktop.Secret.Prompt";
const PROPERTIES = "org.freedesktop.DBus.Properties";
const SERVICE_PATH = "/org/freedesktop/secrets";
const SESSION_COLLECTION = `${SERVICE_PATH}/collection/session/`;
/** In place of an object path where there is none. */
const NO_OBJECT = "/";

export type Attributes = ReadonlyMap<string, string>;

/** An item that has the attributes that were searched for. */
export interface FoundItem {
  path: string;
  isLocked: boolean;
}

export class SecretService {
  private constructor(
    private readonly bus: SessionBus,
    private readonly session: string,
    private readonly key: CryptoKey,
  ) {}

  /** Throws KeychainUnavailable. `onOpen` gets what to close when the wait is over. */
  static async open(
    env: Readonly<Record<string, string | undefined>>,
    onOpen: (bus: SessionBus) => void,
  ): Promise<SecretService> {
    const bus = await SessionBus.open(env);
    onOpen(bus);
    const agreement = new KeyAgreement();
    try {
      const [publicKey, session] = await bus.call({
        ...{ destination: DESTINATION, path: SERVICE_PATH, interface: SERVICE },
        ...{ member: "OpenSession", signature: "sv" },
        values: [ALGORITHM, { type: "ay", value: agreement.publicKey }],
      });
      const key = await agreement.deriveKey(publicKey as Uint8Array);
      return new SecretService(bus, session as string, key);
    } catch (error) {
      if (!(error instanceof BusError)) throw error;
      throw new KeychainUnavailable(
        error.message === "org.freedesktop.DBus.Error.ServiceUnknown"
          ? "no Secret Service runs in this session"
          : `the Secret Service does not start (${error.message})`,
      );
    }
  }

  /** Items with these attributes, and perhaps more. */
  async search(attributes: Attributes): Promise<FoundItem[]> {
    const values = await this.#call(SERVICE_PATH, SERVICE, "SearchItems", "a{ss}", [attributes]);
    const [unlocked, locked] = values as string[][];
    return [
      ...unlocked.map((path) => ({ path, isLocked: false })),
      ...locked.map((path) => ({ path, isLocked: true })),
    ];
  }

  async attributes({ path }: FoundItem): Promise<Attributes> {
    return await this.#property(path, "Attributes") as Attributes;
  }

  async label({ path }: FoundItem): Promise<string> {
    return await this.#property(path, "Label") as string;
  }

  /** In seconds since 1970. */
  async modifiedAt({ path }: FoundItem): Promise<bigint> {
    return await this.#property(path, "Modified") as bigint;
  }

  /** Whether the item is in the collection that is lost at the end of the desktop session. */
  isTemporary({ path }: FoundItem): boolean {
    return path.startsWith(SESSION_COLLECTION);
  }

  async read(item: FoundItem): Promise<Uint8Array> {
    await this.#unlock(item);
    const [secret] = await this.#call(item.path, ITEM, "GetSecret", "o", [this.session]);
    const [, parameters, value] = secret as [string, Uint8Array, Uint8Array];
    return await decryptSecret({ parameters, value }, this.key);
  }

  async replace(item: FoundItem, secret: Uint8Array): Promise<void> {
    await this.#unlock(item);
    await this.#call(item.path, ITEM, "SetSecret", "(oayays)", [await this.#encrypted(secret)]);
  }

  /** In the default collection. */
  async create(label: string, attributes: Attributes, secret: Uint8Array): Promise<void> {
    const values = await this.#call(SERVICE_PATH, SERVICE, "ReadAlias", "s", ["default"]);
    const [path] = values as string[];
    if (path === NO_OBJECT) throw new KeychainUnavailable("it has no default collection");
    await this.#unlock({ path, isLocked: true });
    const properties = new Map<string, DbusValue>([
      [`${ITEM}.Label`, { type: "s", value: label }],
      [`${ITEM}.Attributes`, { type: "a{ss}", value: attributes }],
    ]);
    const [, prompt] = await this.#call(path, COLLECTION, "CreateItem", "a{sv}(oayays)b", [
      properties,
      await this.#encrypted(secret),
      true,
    ]);
    await this.#answerPrompt(prompt as string);
  }

  async delete(item: FoundItem): Promise<void> {
    await this.#unlock(item);
    const [prompt] = await this.#call(item.path, ITEM, "Delete");
    await this.#answerPrompt(prompt as string);
  }

  async #encrypted(secret: Uint8Array): Promise<DbusValue> {
    const { parameters, value } = await encryptSecret(secret, this.key);
    return [this.session, parameters, value, "application/octet-stream"];
  }

  async #unlock({ path, isLocked }: FoundItem): Promise<void> {
    if (!isLocked) return;
    const [, prompt] = await this.#call(SERVICE_PATH, SERVICE, "Unlock", "ao", [[path]]);
    await this.#answerPrompt(prompt as string);
  }

  /** Has the service ask the user, and waits for the answer. */
  async #answerPrompt(path: string): Promise<void> {
    if (path === NO_OBJECT) return;
    await this.bus.subscribe(path, PROMPT);
    await this.#call(path, PROMPT, "Prompt", "s", [""]);
    const [isDismissed] = await this.bus.signal(path, "Completed");
    if (isDismissed) throw new KeychainUnavailable("it was not unlocked");
  }

  async #property(path: string, name: string): Promise<DbusValue> {
    return (await this.#call(path, PROPERTIES, "Get", "ss", [ITEM, name]))[0];
  }

  async #call(
    path: string,
    interfaceName: string,
    member: string,
    signature?: string,
    values?: readonly DbusValue[],
  ): Promise<DbusValue[]> {
    const call = { destination: DESTINATION, path, interface: interfaceName, member };
    try {
      return await this.bus.call({ ...call, signature, values });
    } catch (error) {
      if (!(error instanceof BusError)) throw error;
      throw new KeychainUnavailable(`the Secret Service failed (${error.message})`);
    }
  }
}
