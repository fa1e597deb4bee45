import { Socket } from "node:net";

/** What postgres.js tells of where to connect: lists of one host. */
interface Place {
  host: string[];
  port: number[];
  /** Of a Unix domain socket. */
  path?: string | false;
}

/**
 * Makes the sockets of postgres.js. Left to itself it connects again at once and for
 * ever where a connection is taken and closed without a word, as balancers do that
 * have no server behind them, and no statement ever fails. Here the next connection
 * after such a one fails, and with it the statement that waits for it.
 */
export function databaseSockets(): (place: Place) => Socket {
  let closedWithoutWord = false;
  return ({ host, port, path }) => {
    const socket = new Socket();
    if (closedWithoutWord) {
      closedWithoutWord = false;
      // Its first bytes fail it, in place of a connection.
      socket.write = () => {
        socket.destroy(new Error("the database closes connections at once"));
        return false;
      };
      return socket;
    }
    socket.once("close", (hadError) => closedWithoutWord ||= !hadError && socket.bytesRead === 0);
    if (path) return socket.connect(path);
    socket.connect(port[0], host[0]);
    // The name that a certificate must have.
    return Object.assign(socket, { host: host[0], port: port[0] });
  };
}
