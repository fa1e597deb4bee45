/** Requests to the management interface, with a token for what each needs. */
import { sanitizeLine } from "../../shared/sanitize.ts";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { MANAGEMENT_PATH } from "../../shared/management.ts";
import { parseScope } from "../../shared/oauth/scope.ts";
import { ClientError, sessionExpired } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { type Answer, askServer, isTemporary } from "../oauth/http.ts";
import type { ManagementAccess } from "../auth/management_token.ts";
import type { EnvironmentSession, LoginSession } from "../auth/token_source.ts";
import { serverOf } from "../auth/token_source.ts";

/** The token would live longer than the server's policy allows. */
export class LifetimeTooLongError extends ClientError {
  constructor(
    exitCode: ClientError["exitCode"],
    message: string,
    /** The longest lifetime allowed, in seconds. */
    readonly maxSeconds: number,
  ) {
    super(exitCode, message);
  }
}

export interface ManagementRequest {
  method?: string;
  json?: unknown;
  /** Return undefined on 404. */
  mayBeMissing?: boolean;
}

/** Where a request's token comes from; undefined: the environment's token is sent as it is. */
export type Access = Pick<ManagementAccess, "token" | "forget"> | undefined;

export class ManagementApi {
  readonly server: string;

  constructor(
    private readonly session: EnvironmentSession | LoginSession,
    private readonly access: Access,
    private readonly io: ClientIo,
  ) {
    this.server = serverOf(session);
  }

  /** The body of the answer. Throws ClientError. */
  async request(
    path: string,
    scopes: readonly string[],
    { method, json, mayBeMissing }: ManagementRequest = {},
  ): Promise<Record<string, unknown> | undefined> {
    const send = async (needed: readonly string[], approval?: { newApproval: boolean }) => {
      const token = this.session.source === "environment"
        ? this.session.token
        : await this.access!.token(needed, approval);
      const options = { method, json, bearerToken: token, mayBeMissing: true };
      const url = `${this.server}${MANAGEMENT_PATH}${path}`;
      return { token, answer: await askServer(url, this.io, options) };
    };
    let { token, answer } = await send(scopes);
    if (this.access !== undefined && needsAnotherToken(answer)) {
      this.access.forget(token);
      const { required_scope: required, type } = answer.body ?? {};
      const more = typeof required === "string" ? parseScope(required) ?? [] : [];
      // RFC 9470: the scopes are right, but the sign-in behind them is too old.
      const newApproval = typeof type === "string" && type.endsWith("#fresh-sign-in");
      ({ token, answer } = await send([...new Set([...scopes, ...more])], { newApproval }));
    }
    if (answer.status === 404 && mayBeMissing && problemMessage(answer) !== undefined) {
      return undefined;
    }
    if (answer.status >= 200 && answer.status < 300) return answer.body ?? {};
    const failure = refusal(this.server, this.session, answer);
    const max = answer.body?.max_expires_in;
    throw typeof max === "number" && Number.isSafeInteger(max)
      ? new LifetimeTooLongError(failure.exitCode, failure.message, max)
      : failure;
  }
}

/** The message of a problem (RFC 9457 section 3.1), sanitized; undefined if there is none. */
export function problemMessage({ body }: Pick<Answer, "body">): string | undefined {
  const message = body?.detail ?? body?.title;
  return typeof message === "string" ? sanitizeLine(message, 500) : undefined;
}

/** Whether a new approval would help: the token expired, or covers less than is needed. */
function needsAnotherToken({ status, body }: Answer): boolean {
  return status === 401 || (status === 403 && typeof body?.required_scope === "string");
}

function refusal(
  server: string,
  session: EnvironmentSession | LoginSession,
  answer: Answer,
): ClientError {
  const message = problemMessage(answer);
  const variable = `${brand.envPrefix}_TOKEN`;
  const byVariable = session.source === "environment";
  const toLogin = `To use your login instead of ${variable}, unset it.`;
  if (isTemporary(answer.status)) {
    return new ClientError(
      EXIT.temporaryFailure,
      message === undefined
        ? `${server} cannot answer at the moment (HTTP ${answer.status}). Try again later.`
        : `${server} cannot do this at the moment: ${message}`,
    );
  }
  if (answer.status === 401) {
    return byVariable
      ? new ClientError(
        EXIT.authenticationRequired,
        `${server} does not accept the token in ${variable}${
          message ? `: ${message}` : "."
        } ${toLogin}`,
      )
      : sessionExpired();
  }
  if (answer.status === 404 && message === undefined) {
    return new ClientError(
      EXIT.failure,
      `${server} does not support personal access tokens (HTTP 404).`,
    );
  }
  const hint = answer.status === 403 && byVariable ? ` ${toLogin}` : "";
  return new ClientError(
    EXIT.failure,
    message === undefined
      ? `${server} refused (HTTP ${answer.status}).${hint}`
      : `${server} refused: ${message}${hint}`,
  );
}
