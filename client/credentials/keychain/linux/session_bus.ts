/**
 * A connection to the D-Bus session bus that never blocks this thread: whatever the bus does, the
 * caller's signal ends the wait. docs/decisions/0017-secret-service-without-add-on.md
 */
import { join } from "../../../../shared/path.ts";
import { absoluteFolder } from "../../../../shared/absolute_folder.ts";
import { KeychainUnavailable } from "../backend.ts";
import { decodeMessage, encodeCall, type Message } from "./dbus_message.ts";
import { type DbusValue, decodeValues, encodeValues } from "./dbus_value.ts";

const BUS = "org.freedesktop.DBus";
const BUS_PATH = "/org/freedesktop/DBus";

export interface BusCall {
  destination: string;
  path: string;
  interface: string;
  member: string;
  /** Types of `values`. */
  signature?: string;
  values?: readonly DbusValue[];
}

/** The D-Bus error that a call was answered with. */
export class BusError extends Error {
  override readonly name = "BusError";
}

export class SessionBus {
  #serial = 0;
  #outgoing: Uint8Array[] = [];
  #received: Uint8Array = new Uint8Array();
  #isAuthenticated = false;
  /** Arrived before anyone waited for them. */
  #messages: Message[] = [];
  #isOpen = true;

  private constructor(private readonly connection: Deno.UnixConn) {}

  /** Throws KeychainUnavailable. */
  static async open(env: Readonly<Record<string, string | undefined>>): Promise<SessionBus> {
    const path = busSocket(env);
    let connection: Deno.UnixConn;
    try {
      connection = await Deno.connect({ transport: "unix", path });
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      throw new KeychainUnavailable(`the D-Bus session bus cannot be reached (${error.message})`);
    }
    const bus = new SessionBus(connection);
    // Without waiting for an answer, as sd-bus does it: all that follows takes one round trip.
    bus.#outgoing.push(authentication());
    bus.send({ destination: BUS, path: BUS_PATH, interface: BUS, member: "Hello" });
    return bus;
  }

  /** Queues a call, and returns its serial number for `reply`, which sends what is queued. */
  send({ signature, values = [], ...call }: BusCall): number {
    const serial = ++this.#serial;
    const body = signature === undefined
      ? undefined
      : { signature, bytes: encodeValues(signature, values) };
    this.#outgoing.push(encodeCall({ ...call, serial, body }));
    return serial;
  }

  /** The values that answer a call. Throws BusError. */
  async reply(serial: number): Promise<DbusValue[]> {
    const message = await this.#next(({ replyTo }) => replyTo === serial);
    if (message.error !== undefined) throw new BusError(message.error);
    return decodeValues(message.signature, message.body, message.isLittleEndian);
  }

  async call(call: BusCall): Promise<DbusValue[]> {
    return await this.reply(this.send(call));
  }

  /** Has the bus pass on signals of an object; `signal` waits for one. */
  async subscribe(path: string, interfaceName: string): Promise<void> {
    const rule = `type='signal',path='${path}',interface='${interfaceName}'`;
    await this.call({
      ...{ destination: BUS, path: BUS_PATH, interface: BUS, member: "AddMatch" },
      signature: "s",
      values: [rule],
    });
  }

  async signal(path: string, member: string): Promise<DbusValue[]> {
    const { signature, body, isLittleEndian } = await this.#next((message) =>
      message.path === path && message.member === member
    );
    return decodeValues(signature, body, isLittleEndian);
  }

  close(): void {
    if (this.#isOpen) this.connection.close();
    this.#isOpen = false;
  }

  async #next(isExpected: (message: Message) => boolean): Promise<Message> {
    await this.#flush();
    for (;;) {
      const index = this.#messages.findIndex(isExpected);
      if (index !== -1) return this.#messages.splice(index, 1)[0];
      await this.#receive();
    }
  }

  async #flush(): Promise<void> {
    const bytes = joined(this.#outgoing.splice(0));
    for (let written = 0; written < bytes.length;) {
      written += await this.connection.write(bytes.subarray(written));
    }
  }

  async #receive(): Promise<void> {
    const chunk = new Uint8Array(16 * 1024);
    const size = await this.connection.read(chunk);
    if (size === null) {
      throw new KeychainUnavailable("the D-Bus session bus closed the connection");
    }
    this.#received = joined([this.#received, chunk.subarray(0, size)]);
    if (!this.#isAuthenticated) {
      const end = this.#received.indexOf("\n".charCodeAt(0));
      if (end < 0) return;
      const line = new TextDecoder().decode(this.#received.subarray(0, end));
      if (!line.startsWith("OK ")) {
        throw new KeychainUnavailable("the D-Bus session bus refuses the connection");
      }
      this.#isAuthenticated = true;
      this.#received = this.#received.subarray(end + 1);
    }
    for (let message; (message = decodeMessage(this.#received));) {
      this.#received = this.#received.subarray(message.length);
      this.#messages.push(message);
    }
  }
}

/** What a client says first, as this user (D-Bus Specification, "Authentication Protocol"). */
function authentication(): Uint8Array {
  const uid = [...String(Deno.uid())].map((digit) => digit.charCodeAt(0).toString(16)).join("");
  return new TextEncoder().encode(`\0AUTH EXTERNAL ${uid}\r\nBEGIN\r\n`);
}

/** The socket of the session bus (D-Bus Specification, "Server Addresses"). */
function busSocket(env: Readonly<Record<string, string | undefined>>): string {
  const address = env.DBUS_SESSION_BUS_ADDRESS;
  if (!address) {
    const folder = absoluteFolder(env.XDG_RUNTIME_DIR);
    if (folder !== undefined) return join(folder, "bus");
    throw new KeychainUnavailable("there is no D-Bus session bus");
  }
  const [, transport, keys] = /^(\w+):([^;]*)/.exec(address) ?? [];
  const values = new URLSearchParams(keys?.replaceAll("+", "%2B").replaceAll(",", "&"));
  const path = values.get("path");
  const abstract = values.get("abstract");
  if (transport === "unix" && path !== null) return path;
  if (transport === "unix" && abstract !== null) return `\0${abstract}`;
  throw new KeychainUnavailable("the address of the D-Bus session bus is not a Unix socket");
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
