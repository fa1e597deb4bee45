/**
 * A process that is a broken D-Bus session bus: `failing_bus.ts PATH ANSWERED [REAL]`
 * listens at PATH, passes the first ANSWERED connections on to the socket REAL, and
 * accepts all others without ever saying a word.
 */
const [path, answered, real] = Deno.args;

const listener = Deno.listen({ transport: "unix", path });
await Deno.stdout.write(new TextEncoder().encode("listening\n"));
/** Kept: a connection that is forgotten may be closed. */
const connections: Deno.UnixConn[] = [];
for await (const connection of listener) {
  connections.push(connection);
  if (connections.length > Number(answered)) continue;
  const upstream = await Deno.connect({ transport: "unix", path: real });
  connection.readable.pipeTo(upstream.writable).catch(() => {});
  upstream.readable.pipeTo(connection.writable).catch(() => {});
}
