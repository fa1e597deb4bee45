/**
 * Renewed tokens for programs that `exec` runs: a Unix socket on which exec listens while its
 * program runs, named by `${envPrefix}_TOKEN_SOCKET`. One JSON line in each direction:
 *
 *     {"token":"…","minTtlMs":60000}
 *     {"token":"…","expiresAt":1795514520000,"scope":"openid","warnings":""}
 *
 * A request contains the token that exec passed to its program, so that the socket never answers
 * for another token. Only this user can connect to the socket.
 */
import { join } from "../../shared/path.ts";
import { absoluteFolder } from "../../shared/absolute_folder.ts";
import { brand } from "../../shared/brand.ts";
import { ClientError, type ErrorCode } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { CredentialStoreError } from "../credentials/store.ts";
import type { AccessToken } from "./access_token.ts";

export const TOKEN_SOCKET_VARIABLE = `${brand.envPrefix}_TOKEN_SOCKET`;

/** `failure` is null if the request has another token. */
type Reply =
  & { warnings: string }
  & (AccessToken | { failure: string; code: ErrorCode } | { failure: null });

/** Longest line, in bytes. */
const MAX_LINE = 64 * 1024;
/** Fits into a sockaddr_un on every system, with its zero byte (macOS: 104). */
const MAX_PATH = 100;
/** A reply may have to wait for a server. */
const REQUEST_TIMEOUT_MS = 5000;
const REPLY_TIMEOUT_MS = 90_000;

export interface TokenSocket {
  path: string;
  close(): Promise<void>;
}

/**
 * Answers requests for `own` with a token from `fresh`. Undefined on Windows, which has no such
 * sockets, and, with a warning, without a folder for the socket.
 */
export async function openTokenSocket(
  own: string,
  fresh: (minTtlMs: number, io: ClientIo) => Promise<AccessToken>,
  io: ClientIo,
): Promise<TokenSocket | undefined> {
  if (io.platform.os === "windows") return undefined;
  let folder: string;
  let listener: Deno.UnixListener;
  try {
    folder = await privateFolder(io);
    const path = join(folder, "token");
    listener = Deno.listen({ transport: "unix", path });
    await Deno.chmod(path, 0o600);
  } catch (error) {
    io.stderr(
      `Warning: programs cannot renew their token through this exec: ${
        error instanceof Error ? error.message : error
      }\n`,
    );
    return undefined;
  }
  const answering = (async () => {
    for await (const connection of listener) void answer(connection, own, fresh, io);
  })();
  return {
    path: join(folder, "token"),
    async close() {
      listener.close();
      await answering.catch(() => {});
      await Deno.remove(folder, { recursive: true }).catch(() => {});
    },
  };
}

/**
 * A token that is valid for `minTtlMs` more, from the socket at `path`; undefined if it does not
 * answer, or not for `own`. Throws the ClientError of the session.
 */
export async function askTokenSocket(
  path: string,
  own: string,
  minTtlMs: number,
  io: Pick<ClientIo, "stderr">,
): Promise<AccessToken | undefined> {
  let reply: Reply;
  try {
    using connection = await Deno.connect({ transport: "unix", path });
    await writeLine(connection, { token: own, minTtlMs });
    reply = Object(await readLine(connection, REPLY_TIMEOUT_MS));
  } catch {
    return undefined;
  }
  if (reply.warnings) io.stderr(reply.warnings);
  if (!("failure" in reply)) return typeof reply.token === "string" ? reply : undefined;
  if (reply.failure === null) return undefined;
  throw new ClientError(reply.code, reply.failure);
}

async function answer(
  connection: Deno.Conn,
  own: string,
  fresh: (minTtlMs: number, io: ClientIo) => Promise<AccessToken>,
  io: ClientIo,
): Promise<void> {
  try {
    using open = connection;
    const { token, minTtlMs } = Object(await readLine(open, REQUEST_TIMEOUT_MS));
    const isKnown = token === own && Number.isFinite(minTtlMs);
    await writeLine(
      open,
      isKnown ? await replyWith(fresh, minTtlMs, io) : { failure: null, warnings: "" },
    );
  } catch {
    // The client has closed the connection.
  }
}

async function replyWith(
  fresh: (minTtlMs: number, io: ClientIo) => Promise<AccessToken>,
  minTtlMs: number,
  io: ClientIo,
): Promise<Reply> {
  // Warnings are sent with the reply: the terminal belongs to the running program.
  let warnings = "";
  const stderr = (text: string) => void (warnings += text);
  try {
    return { ...await fresh(minTtlMs, { ...io, stderr }), warnings };
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error);
    const isKnown = error instanceof ClientError || error instanceof CredentialStoreError;
    return { failure, code: isKnown ? error.code : "unexpected", warnings };
  }
}

/** A new folder of mode 0700, the default of mkdtemp. */
async function privateFolder({ env }: Pick<ClientIo, "env">): Promise<string> {
  const prefix = `${brand.binaryName}-`;
  const runtime = absoluteFolder(env.XDG_RUNTIME_DIR);
  for (const dir of [runtime, absoluteFolder(env.TMPDIR), "/tmp"]) {
    // makeTempDir adds a random name of some twenty characters.
    if (dir === undefined || dir.length + prefix.length > MAX_PATH - 40) continue;
    try {
      return await Deno.makeTempDir({ dir, prefix });
    } catch {
      // Missing, or not writable: try the next one.
    }
  }
  throw new Error("there is no folder for a socket; set TMPDIR to one");
}

async function writeLine(connection: Deno.Conn, value: unknown): Promise<void> {
  const bytes = new TextEncoder().encode(`${JSON.stringify(value)}\n`);
  for (let written = 0; written < bytes.length;) {
    written += await connection.write(bytes.subarray(written));
  }
}

async function readLine(connection: Deno.Conn, timeoutMs: number): Promise<unknown> {
  const timer = setTimeout(() => connection.close(), timeoutMs);
  try {
    const buffer = new Uint8Array(MAX_LINE);
    let length = 0;
    while (length < MAX_LINE) {
      const read = await connection.read(buffer.subarray(length));
      if (read === null) break;
      length += read;
      const end = buffer.subarray(0, length).indexOf(0x0a);
      if (end >= 0) return JSON.parse(new TextDecoder().decode(buffer.subarray(0, end)));
    }
    throw new Error("not a line of JSON");
  } finally {
    clearTimeout(timer);
  }
}
