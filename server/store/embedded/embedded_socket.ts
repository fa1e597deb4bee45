import { Duplex } from "node:stream";
import { Buffer } from "node:buffer";
import { UNPAUSED_WRITES } from "../db/driver_stream.ts";
import { messageAt, MessageReader, messageType, readServerError } from "../db/postgres_wire.ts";

/** Takes one protocol message and returns the responses. */
export interface ProtocolSession {
  execProtocolRaw(message: Uint8Array): Promise<Uint8Array>;
}

/** AuthenticationOk, then ReadyForQuery (PostgreSQL protocol 3.0, "Message Formats"). */
const START_UP_ANSWER = Buffer.from([
  ...[0x52, 0, 0, 0, 8, 0, 0, 0, 0],
  ...[0x5a, 0, 0, 0, 5, 0x49],
]);

/**
 * A stream that postgres.js uses as a socket, connected to the embedded database in this process:
 * there is no port that another local user could reach. postgres.js writes complete messages; the
 * first is the startup message, which PGlite does not accept. `onError` is called with every
 * SQLSTATE in a response.
 */
export function embeddedSocket(
  session: ProtocolSession,
  onError: (code: string) => void = () => {},
): Duplex {
  let started = false;
  const stream = new Duplex({
    ...UNPAUSED_WRITES,
    read() {},
    write(chunk: Uint8Array, _encoding, done) {
      if (!started) {
        started = true;
        // Not immediately: postgres.js drops what it writes in response to data that arrives during its own write.
        queueMicrotask(() => {
          stream.push(START_UP_ANSWER);
          done();
        });
        return;
      }
      session.execProtocolRaw(chunk).then((answer) => {
        if (answer.length > 0) {
          reportErrors(answer, onError);
          stream.push(answer);
        }
        done();
      }, done);
    },
    final(done) {
      stream.push(null);
      done();
    },
  });
  // postgres.js reads net.Socket's readyState before it terminates the session.
  return Object.assign(stream, { readyState: "open" });
}

/** A response consists of complete messages. */
function reportErrors(answer: Uint8Array, onError: (code: string) => void): void {
  const { bytes, starts } = new MessageReader().read(answer);
  for (const start of starts) {
    const message = messageAt(bytes, start);
    if (messageType(message) === "E") onError(readServerError(message).code);
  }
}
