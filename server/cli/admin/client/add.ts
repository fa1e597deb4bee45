import { brand } from "../../../../shared/brand.ts";
import { EXIT } from "../../../../shared/exit_codes.ts";
import { formatJson, sanitizeLine } from "../../../../shared/sanitize.ts";
import type { SnippetLanguage } from "../../../admin/snippets/snippet.ts";
import type { ClientView } from "../../../admin/client_operations.ts";
import { defaultGrants, generateClientId } from "../../../admin/client_policy.ts";
import { DomainError } from "../../../domain_error.ts";
import type { ServerIo } from "../../../io.ts";
import { type ClientSecret, generateClientSecret } from "../../../tokens/client_secret.ts";
import { reportDomainError, reportUsage } from "../../failure.ts";
import { databaseOf, type DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";
import { withOption } from "../with_option.ts";
import { printOnce } from "./print_once.ts";
import { adminClientSnippet } from "./snippet.ts";
import { parsePolicyOptions, POLICY_OPTIONS, type PolicyOptions } from "./policy_options.ts";

export interface ClientAddOptions extends PolicyOptions, DatabaseOptions {
  id?: string;
  public?: boolean;
  confidential?: boolean;
  /** Print the program of this language in place of the id. */
  snippet?: SnippetLanguage;
  json?: boolean;
}

/**
 * `admin client add`. Without --json, standard output has only the secret or, for a public client,
 * the id, so that it can be piped into a vault. A client
 * whose secret could not be written is removed, since nothing could use it.
 */
export async function adminClientAdd(
  name: string,
  options: ClientAddOptions,
  io: ServerIo,
): Promise<number> {
  const database = databaseOf(options);
  if (options.public && options.confidential) {
    return reportUsage("--public and --confidential exclude each other.", io);
  }
  if (options.snippet !== undefined && (!options.public || options.json)) {
    return reportUsage("--snippet needs --public, and excludes --json.", io);
  }
  const parsed = parsePolicyOptions(options);
  if (parsed instanceof DomainError) {
    reportDomainError(parsed, io);
    return EXIT.usage;
  }
  const secret = options.public ? undefined : generateClientSecret();
  const id = options.id ?? generateClientId();
  const grants = parsed.grants ?? defaultGrants({ isPublic: options.public === true });
  let lost: string | undefined;
  const code = await adminCommand(
    "addClient",
    { ...parsed, id, name, grants, secretHash: secret?.hash },
    database,
    io,
    (client) => {
      lost = report(client, secret, options, io);
      return lost === undefined ? EXIT.ok : EXIT.failure;
    },
    { describe: (error) => withOption(error, { ...POLICY_OPTIONS, id: "--id" }) },
  );
  if (lost !== undefined) await removeLostClient(id, lost, database, io);
  if (code !== EXIT.ok || options.snippet === undefined) return code;
  return await adminClientSnippet(id, { ...database, language: options.snippet }, io);
}

/** Returns why the secret was lost, or undefined. */
function report(
  client: ClientView,
  secret: ClientSecret | undefined,
  { json, snippet }: ClientAddOptions,
  io: ServerIo,
): string | undefined {
  const { id, name } = client;
  io.stderr(
    secret === undefined
      ? `Registered ${sanitizeLine(name)}, a public client. ` +
        (snippet === undefined
          ? `Its client_id follows. A program that logs in with it, in curl, Go, Python, Node, ` +
            `Rust or Java:\n  ${brand.binaryName} admin client snippet ${id} --language go\n`
          : `client_id: ${id}\n`)
      : `client_id: ${id}\nThe secret follows. It is not shown again.\n`,
  );
  if (snippet !== undefined) return undefined;
  if (json) return printOnce(formatJson({ id, name, secret: secret?.secret ?? null }), io);
  return printOnce(`${secret?.secret ?? id}\n`, io);
}

async function removeLostClient(
  id: string,
  reason: string,
  options: DatabaseOptions,
  io: ServerIo,
): Promise<void> {
  io.stderr(`Error: the secret of ${id} could not be printed: ${reason}.\n`);
  const code = await adminCommand("removeClient", { id }, options, io, () => {
    io.stderr("The client was removed. Fix standard output and try again.\n");
    return EXIT.ok;
  });
  if (code === EXIT.ok) return;
  io.stderr(
    `The client still exists. To remove it, run: ${brand.binaryName} admin client remove ${id}\n`,
  );
}
