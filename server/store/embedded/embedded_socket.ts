import { Duplex } from "node:stream";
import { Buffer } from "node:buffer";
import { messageAt, MessageReader, messageType, readServerError } from "../db/postgres_wire.ts";

/** What we need of PGlite: one protocol message in, its answers out. */
export interface ProtocolSession {
  execProtocolRaw(message: Uint8Array): Promise<Uint8Array>;
}

/** AuthenticationOk, then ReadyForQuery (PostgreSQL protocol 3.0, "Message Formats"). */
const START_UP_ANSWER = Buffer.from([
  ...[0x52, 0, 0, 0, 8, 0, 0, 0, 0],
  ...[0x5a, 0, 0, 0, 5, 0x49],
]);

/**
 * A stream that postgres.js takes for a socket, joined to the embedded database
 * inside this process: there is no port that another local user could reach.
 * postgres.js writes whole messages; the first is the start-up message, which
 * PGlite does not want. `onError` is called with every SQLSTATE that is answered.
 */
export function embeddedSocket(
  session: ProtocolSession,
  onError: (code: string) => void = () => {},
): Duplex {
  let started = false;
  const stream = new Duplex({
    read() {},
    write(chunk: Uint8Array, _encoding, done) {
      if (!started) {
        started = true;
        // Not at once: postgres.js drops what an answer inside its own write makes it write.
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
  // postgres.js asks net.Socket's readyState before it says goodbye.
  return Object.assign(stream, { readyState: "open" });
}

/** Answers are whole messages. */
function reportErrors(answer: Uint8Array, onError: (code: string) => void): void {
  const { bytes, starts } = new MessageReader().read(answer);
  for (const start of starts) {
    const message = messageAt(bytes, start);
    if (messageType(message) === "E") onError(readServerError(message).code);
  }
}
