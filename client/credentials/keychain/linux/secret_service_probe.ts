/**
 * Asks the Secret Service for a sign of life without ever blocking this thread.
 * The keychain add-on makes the same calls (connect, Hello, OpenSession) when it
 * makes an entry, but waits for the answers with the thread blocked, for ever on a
 * bus that accepts and stays silent. docs/decisions/0001-keychain-never-hangs.md
 */
import { join } from "node:path";
import { absoluteFolder } from "../../../../shared/absolute_folder.ts";
import { decodeReply, encodeCall } from "./dbus_message.ts";
import { encodeValues } from "./dbus_value.ts";
import { KeychainUnavailable } from "../backend.ts";

const HELLO = 1;
const OPEN_SESSION = 2;

/** Resolves when the service has answered. Throws KeychainUnavailable, or the signal's reason. */
export async function probeSecretService(
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<void> {
  const path = busSocket(env);
  let bus: Deno.UnixConn;
  try {
    bus = await Deno.connect({ transport: "unix", path });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new KeychainUnavailable(`the D-Bus session bus cannot be reached (${error.message})`);
  }
  const close = () => bus.close();
  signal.addEventListener("abort", close, { once: true });
  try {
    await openSession(bus);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof KeychainUnavailable || !(error instanceof Error)) throw error;
    throw new KeychainUnavailable(`the D-Bus session bus failed (${error.message})`);
  } finally {
    signal.removeEventListener("abort", close);
    if (!signal.aborted) close();
  }
}

async function openSession(bus: Deno.UnixConn): Promise<void> {
  // All at once, as sd-bus does it: the answers are read in order.
  await writeAll(
    bus,
    authentication(),
    encodeCall({
      serial: HELLO,
      destination: "org.freedesktop.DBus",
      path: "/org/freedesktop/DBus",
      interface: "org.freedesktop.DBus",
      member: "Hello",
    }),
    // A session ends with the connection that opened it, so this leaves nothing behind.
    encodeCall({
      serial: OPEN_SESSION,
      destination: "org.freedesktop.secrets",
      path: "/org/freedesktop/secrets",
      interface: "org.freedesktop.Secret.Service",
      member: "OpenSession",
      body: { signature: "sv", bytes: encodeValues("sv", ["plain", ""]) },
    }),
  );
  let authenticated = false;
  let received = new Uint8Array();
  const chunk = new Uint8Array(4096);
  for (;;) {
    const size = await bus.read(chunk);
    if (size === null) throw new Error("it closed the connection");
    received = Uint8Array.from([...received, ...chunk.subarray(0, size)]);
    if (!authenticated) {
      const end = received.indexOf("\n".charCodeAt(0));
      if (end < 0) continue;
      const line = new TextDecoder().decode(received.subarray(0, end));
      if (!line.startsWith("OK ")) throw new Error("it does not let us in");
      authenticated = true;
      received = received.subarray(end + 1);
    }
    for (let reply; (reply = decodeReply(received)); received = received.subarray(reply.length)) {
      if (reply.replyTo === HELLO && reply.error) throw new Error(reply.error);
      if (reply.replyTo !== OPEN_SESSION) continue;
      if (reply.error) throw noService(reply.error);
      return;
    }
  }
}

function noService(error: string): KeychainUnavailable {
  return new KeychainUnavailable(
    error === "org.freedesktop.DBus.Error.ServiceUnknown"
      ? "no Secret Service runs in this session"
      : `the Secret Service does not start (${error})`,
  );
}

/** What a client says first, as this user (D-Bus Specification, "Authentication Protocol"). */
export function authentication(): Uint8Array {
  const uid = [...String(Deno.uid())].map((digit) => digit.charCodeAt(0).toString(16)).join("");
  return new TextEncoder().encode(`\0AUTH EXTERNAL ${uid}\r\nBEGIN\r\n`);
}

/** Where the add-on's D-Bus library will connect (D-Bus Specification, "Server Addresses"). */
export function busSocket(env: Readonly<Record<string, string | undefined>>): string {
  const address = env.DBUS_SESSION_BUS_ADDRESS;
  if (!address) {
    const folder = absoluteFolder(env.XDG_RUNTIME_DIR);
    if (folder !== undefined) return join(folder, "bus");
    throw new KeychainUnavailable("there is no D-Bus session bus (DBUS_SESSION_BUS_ADDRESS)");
  }
  const [, transport, keys] = /^(\w+):([^;]*)/.exec(address) ?? [];
  const values = new URLSearchParams(keys?.replaceAll("+", "%2B").replaceAll(",", "&"));
  const path = values.get("path");
  const abstract = values.get("abstract");
  if (transport === "unix" && path !== null) return path;
  if (transport === "unix" && abstract !== null) return `\0${abstract}`;
  throw new KeychainUnavailable("the D-Bus session bus is none with a Unix socket");
}

/** Writes all parts, one after the other. */
export async function writeAll(to: Deno.UnixConn, ...parts: Uint8Array[]): Promise<void> {
  const bytes = Uint8Array.from(parts.flatMap((part) => [...part]));
  for (let written = 0; written < bytes.length;) written += await to.write(bytes.subarray(written));
}
