import { parseDurationSeconds } from "../../../../shared/duration.ts";
import { EXIT } from "../../../../shared/exit_codes.ts";
import { parseExpiry } from "../../../../shared/expiry.ts";
import { formatScope } from "../../../../shared/oauth/scope.ts";
import { DomainError } from "../../../domain_error.ts";
import type { ServerIo } from "../../../io.ts";
import { adminCommand } from "../command.ts";
import { withOption } from "../with_option.ts";
import { invalidExpiry, invalidLifetime, OPTIONS, type TrustAddOptions } from "./add.ts";
import { databaseOf } from "../../options.ts";

export type TrustEditOptions = Omit<
  TrustAddOptions,
  "repositoryId" | "user" | "serviceAccount" | "name"
>;

/** `admin trust edit`: changes what the options name. */
export async function adminTrustEdit(
  name: string,
  options: TrustEditOptions,
  io: ServerIo,
): Promise<number> {
  const { workflow, branch, tag, environment, condition, lifetime, expires } = options;
  const lifetimeSeconds = lifetime === undefined ? undefined : parseDurationSeconds(lifetime);
  if (lifetime !== undefined && lifetimeSeconds === undefined) return invalidLifetime(lifetime, io);
  const expiry = expires === undefined ? undefined : parseExpiry(expires, io.clock.now());
  if (expires !== undefined && expiry === undefined) return invalidExpiry(expires, io);
  const changes = {
    name,
    issuer: options.issuer,
    audience: options.audience,
    options: { workflow, branch, tag, environment, conditions: condition },
    scope: options.scope && formatScope(options.scope),
    lifetimeSeconds,
    enabledUntil: typeof expiry === "number" ? new Date(expiry).toISOString() : expiry,
  };
  const isChanged = Object.values({ ...changes, ...changes.options, name: undefined })
    .some((value) => value !== undefined && value !== changes.options);
  if (!isChanged) {
    io.stderr(
      "Error: nothing to change. Name an option, such as --branch, --scope or --expires.\n",
    );
    return EXIT.usage;
  }
  const { force = false } = options;
  return await adminCommand(
    "editTrustRule",
    // What `--scope` names is what the account may get.
    { ...changes, force, extendAccount: changes.scope },
    databaseOf(options),
    io,
    (rule) => {
      io.stdout(
        `Changed ${rule.name}. Tokens issued by it stay as they are until they expire.\n`,
      );
      if (rule.newAccountScopes.length > 0) {
        io.stdout(
          `The service account ${rule.actsAs} may now also have ` +
            `${rule.newAccountScopes.join(" ")}.\n`,
        );
      }
      return EXIT.ok;
    },
    { describe },
  );
}

function describe(error: DomainError): DomainError {
  // The name is an argument here, not the option of `trust add`.
  if (error.field === "name") return error;
  if (error.field !== "force") return withOption(error, OPTIONS);
  return new DomainError(error.code, `${error.message} Use --force to change it anyway.`);
}
