import { Socket } from "node:net";

/** What postgres.js tells of where to connect: several hosts are tried in turn. */
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
  let opened: Socket[] = [];
  let turn = 0;
  return ({ host, port, path }) => {
    const socket = new Socket();
    const closedWithoutWord = opened.some((one) => one.destroyed && one.bytesRead === 0);
    opened = opened.filter((one) => !one.destroyed);
    if (closedWithoutWord) {
      // Later, for postgres.js does not listen yet.
      setTimeout(() => socket.destroy(new Error("the database closes connections at once")));
      return socket;
    }
    opened.push(socket);
    if (path) return socket.connect(path);
    const index = turn++ % port.length;
    socket.connect(port[index], host[index]);
    // The name that a certificate must have.
    return Object.assign(socket, { host: host[index], port: port[index] });
  };
}
