/** `whoami`: the account that the token belongs to, according to the server. */
import { sanitizeLine } from "../../shared/sanitize.ts";
import { type Command } from "commander";
import { examples } from "../../shared/command_examples.ts";
import type { Run } from "../../shared/command_line.ts";
import { account, server, tokenStdin } from "./options.ts";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import type { UserinfoResponse } from "../../shared/oauth/userinfo_response.ts";
import { ClientError, loginExpired } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { formatJson } from "../output.ts";
import { openTokenApi } from "../pat/api.ts";
import { RENEW_NOW } from "../oauth/refresh.ts";
import { withTokenFromStdin } from "../auth/stdin_token.ts";
import { chooseTokenSource, serverOf, tokenFrom, type TokenSource } from "../auth/token_source.ts";
import { describeUser, userinfo } from "../oauth/userinfo.ts";

const MIN_TTL_MS = 60_000;

export interface WhoamiOptions {
  server?: string;
  account?: string;
  tokenStdin?: boolean;
  json?: boolean;
}

export async function whoami(options: WhoamiOptions, processIo: ClientIo): Promise<number> {
  const io = await withTokenFromStdin(options, processIo);
  const source = await chooseTokenSource(options, io);
  const server = serverOf(source);
  const ask = async (minTtlMs: number) => {
    const { token } = await tokenFrom(source, minTtlMs, io);
    return token.startsWith(brand.tokenPrefixes.personalAccessToken)
      ? await ownerOfToken(options, io)
      : await userinfo(server, token, io);
  };
  let user = await ask(MIN_TTL_MS);
  // A renewal shows whether the login itself was revoked.
  if (user === "rejected" && source.account !== undefined) user = await ask(RENEW_NOW);
  if (user === "rejected") throw refusal(source, server);
  io.stdout(options.json ? formatJson(toJson(user)) : `${describeUser(user)}\n`);
  return EXIT.ok;
}

/** As `--json` prints it: docs/schemas/whoami.schema.json. */
function toJson({ sub, name, email, email_verified: emailVerified }: UserinfoResponse) {
  return {
    sub,
    name: name ?? null,
    email: email ?? null,
    emailVerified: emailVerified ?? null,
  };
}

/** A personal access token may always read itself; userinfo requires the scope openid. */
async function ownerOfToken(options: WhoamiOptions, io: ClientIo): Promise<UserinfoResponse> {
  const { owner: { kind, id, username } } = await (await openTokenApi(options, io)).own();
  const name = sanitizeLine(username);
  return { sub: sanitizeLine(id), ...kind === "user" ? { email: name } : { name } };
}

function refusal(source: TokenSource, server: string): ClientError {
  if (source.account !== undefined) return loginExpired();
  if (source.kind === "federation") {
    return new ClientError(
      "invalid_response",
      `${server} does not accept the token that it just issued. Try again later.`,
    );
  }
  return new ClientError(
    "token_rejected",
    `${server} does not accept the token in ${brand.envPrefix}_TOKEN. It may have expired, ` +
      `or belong to another server. Set it again, or unset it to use a login.`,
  );
}

export function declare(command: Command, client: Run<ClientIo>): void {
  const bin = brand.binaryName;
  command.addOption(server())
    .addOption(account())
    .addOption(tokenStdin())
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples([`${bin} whoami`, "print the account"], [
        `${bin} whoami --json | jq -r .email`,
        "print only the address",
      ]),
    )
    .action((options) => client((io) => whoami(options, io)));
}
