/**
 * The items of a Linux keychain that match one entry of ours, told apart. The add-on
 * takes an item for ours as soon as it has our attributes, whatever else it has, and
 * gives up where there are two: a copy in another collection, or another program's
 * item with more attributes. So in that case the Secret Service is asked directly
 * (https://specifications.freedesktop.org/secret-service/latest/).
 */
import { decodeReply, encodeCall } from "./dbus_message.ts";
import { type DbusValue, decodeValues, encodeValues } from "./dbus_value.ts";
import { KeychainUnavailable } from "../backend.ts";
import { authentication, busSocket, writeAll } from "./secret_service_probe.ts";

const SERVICE = "org.freedesktop.Secret.Service";
const ITEM = "org.freedesktop.Secret.Item";
const SERVICE_PATH = "/org/freedesktop/secrets";
/** libsecret adds it to what it stores; it says nothing about whose item it is. */
const SCHEMA_ATTRIBUTE = "xdg:schema";

interface Item {
  path: string;
  /** It has our attributes and no others: the add-on made it, or it is a copy of that. */
  isOurs: boolean;
  /** It has not even libsecret's attribute: no other program has stored it since. */
  isExact: boolean;
  /** It is not in the collection that a desktop session forgets at its end. */
  isKept: boolean;
  /** In seconds since 1970. */
  modified: bigint;
}

/** One entry, of which there are several. */
export interface AmbiguousEntry {
  /** The secret of ours; undefined if there is none. */
  get(): Promise<Uint8Array | undefined>;
  /** Replaces the secret of ours, and deletes copies of it. */
  set(secret: Uint8Array): Promise<void>;
  /** Deletes ours and its copies. What others have stays. */
  delete(): Promise<void>;
}

/** Calls `work` with the entry. Throws KeychainUnavailable, or the signal's reason. */
export async function withAmbiguousEntry<T>(
  attributes: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
  work: (entry: AmbiguousEntry) => Promise<T>,
): Promise<T> {
  const bus = await Bus.open(env, signal);
  try {
    return await work(await ambiguousEntry(bus, new Map(Object.entries(attributes))));
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof KeychainUnavailable || !(error instanceof Error)) throw error;
    throw new KeychainUnavailable(`the Secret Service failed (${error.message})`);
  } finally {
    bus.close();
  }
}

async function ambiguousEntry(
  bus: Bus,
  attributes: ReadonlyMap<string, string>,
): Promise<AmbiguousEntry> {
  const [, session] = await bus.call(SERVICE_PATH, SERVICE, "OpenSession", "sv", ["plain", ""]);
  const [unlocked, locked] = await bus.call(SERVICE_PATH, SERVICE, "SearchItems", "a{ss}", [
    attributes,
  ]) as string[][];
  const items: Item[] = [];
  for (const path of [...unlocked, ...locked]) items.push(await describe(bus, path, attributes));
  const ours = items.filter(({ isOurs }) => isOurs).sort(byPreference);
  return {
    async get() {
      if (ours.length === 0) return undefined;
      const [secret] = await bus.call(ours[0].path, ITEM, "GetSecret", "o", [session]);
      const [, , value] = secret as DbusValue[];
      return value as Uint8Array;
    },
    async set(secret) {
      if (ours.length === 0) {
        throw new KeychainUnavailable(
          `${items.length} items of other programs have the name of ours; delete them`,
        );
      }
      const value = [session, new Uint8Array(), secret, "application/octet-stream"];
      await bus.call(ours[0].path, ITEM, "SetSecret", "(oayays)", [value]);
      for (const { path } of ours.slice(1)) await bus.call(path, ITEM, "Delete");
    },
    async delete() {
      for (const { path } of ours) await bus.call(path, ITEM, "Delete");
    },
  };
}

/** Before copies by other programs, before what ends with the session, before older ones. */
function byPreference(one: Item, other: Item): number {
  return Number(other.isExact) - Number(one.isExact) ||
    Number(other.isKept) - Number(one.isKept) ||
    Number(other.modified - one.modified);
}

async function describe(
  bus: Bus,
  path: string,
  attributes: ReadonlyMap<string, string>,
): Promise<Item> {
  const property = async (name: string) => {
    const properties = "org.freedesktop.DBus.Properties";
    return (await bus.call(path, properties, "Get", "ss", [ITEM, name]))[0];
  };
  const found = await property("Attributes") as ReadonlyMap<string, string>;
  const names = [...found.keys()].filter((name) => name !== SCHEMA_ATTRIBUTE);
  return {
    path,
    isOurs: names.length === attributes.size &&
      names.every((name) => found.get(name) === attributes.get(name)),
    isKept: !path.startsWith(`${SERVICE_PATH}/collection/session/`),
    isExact: found.size === attributes.size,
    modified: await property("Modified") as bigint,
  };
}

/** One connection to the session bus; calls one after the other. */
class Bus {
  #serial = 0;
  #received: Uint8Array = new Uint8Array();
  #isOpen = true;
  readonly #close = () => this.close();

  private constructor(
    private readonly connection: Deno.UnixConn,
    private readonly signal: AbortSignal,
  ) {
    signal.addEventListener("abort", this.#close, { once: true });
  }

  static async open(
    env: Readonly<Record<string, string | undefined>>,
    signal: AbortSignal,
  ): Promise<Bus> {
    const path = busSocket(env);
    signal.throwIfAborted();
    const bus = new Bus(await Deno.connect({ transport: "unix", path }), signal);
    try {
      await bus.#authenticate();
      return bus;
    } catch (error) {
      bus.close();
      throw error;
    }
  }

  /** The values of the answer. Throws with the name of a D-Bus error. */
  async call(
    path: string,
    interfaceName: string,
    member: string,
    signature = "",
    values: readonly DbusValue[] = [],
    destination = "org.freedesktop.secrets",
  ): Promise<DbusValue[]> {
    const serial = ++this.#serial;
    const body = signature === ""
      ? undefined
      : { signature, bytes: encodeValues(signature, values) };
    const call = { serial, destination, path, interface: interfaceName, member, body };
    await writeAll(this.connection, encodeCall(call));
    for (;;) {
      const reply = decodeReply(this.#received);
      if (reply === undefined) {
        await this.#receive();
        continue;
      }
      this.#received = this.#received.slice(reply.length);
      if (reply.replyTo !== serial) continue;
      if (reply.error !== undefined) throw new Error(reply.error);
      return decodeValues(reply.signature, reply.body, reply.isLittleEndian);
    }
  }

  close(): void {
    this.signal.removeEventListener("abort", this.#close);
    if (this.#isOpen) this.connection.close();
    this.#isOpen = false;
  }

  async #authenticate(): Promise<void> {
    await writeAll(this.connection, authentication());
    let end: number;
    while ((end = this.#received.indexOf("\n".charCodeAt(0))) < 0) await this.#receive();
    const line = new TextDecoder().decode(this.#received.subarray(0, end));
    if (!line.startsWith("OK ")) throw new Error("the bus refuses the connection");
    this.#received = this.#received.slice(end + 1);
    const bus = "org.freedesktop.DBus";
    await this.call("/org/freedesktop/DBus", bus, "Hello", "", [], bus);
  }

  async #receive(): Promise<void> {
    const chunk = new Uint8Array(64 * 1024);
    const size = await this.connection.read(chunk);
    if (size === null) throw new Error("the bus closed the connection");
    const both = new Uint8Array(this.#received.length + size);
    both.set(this.#received);
    both.set(chunk.subarray(0, size), this.#received.length);
    this.#received = both;
  }
}
