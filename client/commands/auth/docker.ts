/**
 * `auth docker`: docker's credential helper protocol
 * (https://github.com/docker/docker-credential-helpers). Docker reads failures
 * from standard output.
 */
import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { version } from "../../../shared/version.ts";
import { ClientError } from "../../errors.ts";
import {
  credentialOf,
  type HelperCredential,
  NAMELESS_USER,
  withOptions,
} from "../../helpers/credential.ts";
import { readHelpers } from "../../helpers/helper_store.ts";
import { findHost, insecureTransport, parseRequestedHost } from "../../helpers/host_list.ts";
import type { ClientIo } from "../../io.ts";
import { CredentialStoreError } from "../../credentials/store.ts";
import { DOCKER_HELPER, dockerRegistries } from "./docker_config.ts";
import { hostOf, sameHost } from "../../oauth/host.ts";
import { formatJson } from "../../output.ts";
import type { Selection } from "../../auth/selection.ts";
import { chooseTokenSource, type TokenSource } from "../../auth/token_source.ts";

export interface DockerOptions extends Selection {
  /** Registries to provide the token for, besides the server's, those on the list and those in docker's configuration. */
  host?: string[];
  user?: string;
  exchange?: boolean;
}

/** Docker compares this text (credentials/error.go) and continues without credentials. */
const NOT_FOUND = "credentials not found in native keychain";

export async function authDocker(
  operation: string,
  options: DockerOptions,
  io: ClientIo,
): Promise<number> {
  try {
    switch (operation) {
      case "get":
        return await get(options, io);
      case "list":
        return await list(options, io);
      case "version":
        io.stdout(`${DOCKER_HELPER} ${version}\n`);
        return EXIT.ok;
      default:
        // "store" and "erase", which docker login and docker logout call.
        await io.readStdin();
        throw new ClientError(
          "unsupported",
          `${brand.binaryName} stores its own logins. Instead of docker login and docker logout, ` +
            `use ${brand.binaryName} login and ${brand.binaryName} logout.`,
        );
    }
  } catch (error) {
    if (io.signal.aborted) throw error;
    const known = error instanceof ClientError || error instanceof CredentialStoreError;
    if (!known) throw error;
    io.stdout(`${error.message}\n`);
    return error.exitCode;
  }
}

async function get(options: DockerOptions, io: ClientIo): Promise<number> {
  const registry = (await io.readStdin()).trim();
  const { hosts } = await readHelpers(io);
  const entry = findHost(hosts, parseRequestedHost(registry));
  if (entry !== undefined) {
    return answer(registry, await credentialOf(withOptions(entry, options), io), io);
  }
  const named = [...options.host ?? [], ...await dockerRegistries(io)]
    .some((host) => sameHost(host, registry));
  const source = await chooseTokenSource(options, io).catch((error) => {
    if (named) throw error;
  });
  const own = source?.server !== undefined && sameHost(hostOf(source.server), registry);
  // Docker calls a credsStore for every registry, including Docker Hub.
  if (source === undefined || !(named || own)) {
    io.stdout(`${NOT_FOUND}\n`);
    return EXIT.failure;
  }
  if (/^http:/i.test(registry)) throw insecureTransport(registry);
  const { server, account, user, exchange } = options;
  return answer(
    registry,
    await credentialOf({ host: registry, server, account, user, exchange }, io),
    io,
  );
}

function answer(registry: string, { user, token }: HelperCredential, io: ClientIo): number {
  io.stdout(formatJson({ ServerURL: registry, Username: user, Secret: token }));
  return EXIT.ok;
}

async function list(options: DockerOptions, io: ClientIo): Promise<number> {
  const source = await chooseTokenSource(options, io).catch((error) => {
    if (!isNotLoggedIn(error)) throw error;
  });
  // Docker lists every helper, also for `docker info`: not being logged in is not a failure.
  if (source === undefined) {
    io.stdout("{}\n");
    return EXIT.ok;
  }
  const registries = [...options.host ?? [], ...await dockerRegistries(io)];
  io.stdout(formatJson(
    Object.fromEntries(registries.map((registry) => [registry, userOf(source, options)])),
  ));
  return EXIT.ok;
}

function isNotLoggedIn(error: unknown): boolean {
  return error instanceof ClientError && error.needsAuthentication;
}

function userOf({ account }: TokenSource, { user }: DockerOptions): string {
  return user || account || NAMELESS_USER;
}
