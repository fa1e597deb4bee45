/**
 * `auth cargo`: cargo's credential provider protocol
 * (https://doc.rust-lang.org/cargo/reference/credential-provider-protocol.html), with one line of
 * JSON for each message.
 */
import { EXIT } from "../../../shared/exit_codes.ts";
import { sanitizeOutput } from "../../../shared/sanitize.ts";
import { CredentialStoreError } from "../../credentials/store.ts";
import { ClientError } from "../../errors.ts";
import { credentialFor } from "../../helpers/credential.ts";
import type { ClientIo } from "../../io.ts";

const VERSION = 1;
/** Longest request: cargo passes on headers of the registry. */
const MAX_LINE = 1024 * 1024;

export async function authCargo(io: ClientIo): Promise<number> {
  send({ v: [VERSION] }, io);
  for await (const line of lines(io.stdinBytes())) {
    if (line.trim() !== "") send(await answer(line, io), io);
  }
  return EXIT.ok;
}

async function answer(line: string, io: ClientIo): Promise<unknown> {
  try {
    const request = Object(JSON.parse(line));
    if (request.v !== VERSION) return failure(`only version ${VERSION} is supported`);
    // `login` and `logout`: this program stores its own logins.
    if (request.kind !== "get") return { Err: { kind: "operation-not-supported" } };
    const url: unknown = Object(request.registry)["index-url"];
    const credential = typeof url === "string" ? await credentialFor(url, io) : undefined;
    // Cargo then asks the next provider.
    if (credential === undefined) return { Err: { kind: "url-not-supported" } };
    const { token, expiresAt } = credential;
    return {
      Ok: {
        kind: "get",
        // Cargo sends it as the value of Authorization.
        token: `Bearer ${token}`,
        ...expiresAt === undefined
          ? { cache: "session" }
          : { cache: "expires", expiration: Math.floor(expiresAt / 1000) },
        operation_independent: true,
      },
    };
  } catch (error) {
    if (io.signal.aborted) throw error;
    if (error instanceof SyntaxError) return failure("the request is not valid JSON");
    if (error instanceof ClientError || error instanceof CredentialStoreError) {
      return failure(error.message);
    }
    throw error;
  }
}

function failure(message: string) {
  return { Err: { kind: "other", message, "caused-by": [] } };
}

function send(message: unknown, io: Pick<ClientIo, "stdout">): void {
  io.stdout(sanitizeOutput(`${JSON.stringify(message)}\n`));
}

async function* lines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop()!;
    yield* parts;
    if (rest.length > MAX_LINE) {
      throw new ClientError("invalid_input", `A request is longer than ${MAX_LINE} characters.`);
    }
  }
  yield rest;
}
