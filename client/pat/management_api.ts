/** Requests to the management interface, with a token for what each needs. */
import { brand } from "../../shared/brand.ts";
import { MANAGEMENT_PATH } from "../../shared/management.ts";
import { parseScope } from "../../shared/oauth/scope.ts";
import { ClientError, loginExpired } from "../errors.ts";
import { firstText } from "../oauth/error_message.ts";
import type { ClientIo } from "../io.ts";
import type { HttpResponse } from "../oauth/http.ts";
import { tryAgain, withRetryAfter } from "../oauth/retry_after.ts";
import { isTemporary, requestServer } from "../oauth/server_request.ts";
import type { ManagementAccess } from "../auth/management_token.ts";
import type { EnvironmentSource } from "../auth/environment_token.ts";
import type { Login } from "../auth/login_store.ts";
import { serverOf } from "../auth/token_source.ts";

/** The token would live longer than the server's policy allows. */
export class LifetimeTooLongError extends ClientError {
  constructor(
    message: string,
    /** The longest lifetime allowed, in seconds. */
    readonly maxSeconds: number,
  ) {
    super("lifetime_too_long", message);
  }
}

/** An active token has the requested name. */
export class NameTakenError extends ClientError {
  constructor(
    message: string,
    /** A similar name that is free. */
    readonly suggestion: string,
  ) {
    super("name_taken", message);
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
    private readonly source: EnvironmentSource | Login,
    private readonly access: Access,
    private readonly io: ClientIo,
  ) {
    this.server = serverOf(source);
  }

  /** The body of the response. Throws ClientError. */
  async request(
    path: string,
    scopes: readonly string[],
    { method, json, mayBeMissing }: ManagementRequest = {},
  ): Promise<Record<string, unknown> | undefined> {
    const send = async (needed: readonly string[], approval?: { newApproval: boolean }) => {
      const token = this.source.kind === "environment"
        ? this.source.token
        : await this.access!.token(needed, approval);
      const options = { method, json, bearerToken: token, mayBeMissing: true };
      const url = `${this.server}${MANAGEMENT_PATH}${path}`;
      const once = () => requestServer(url, this.io, options);
      // What changes something is not repeated: the first request may have been carried out.
      const isRead = method === undefined && json === undefined;
      return { token, response: await (isRead ? withRetryAfter(once, this.io) : once()) };
    };
    let { token, response } = await send(scopes);
    if (this.access !== undefined && needsAnotherToken(response)) {
      this.access.forget(token);
      const { required_scope: required, type } = response.body ?? {};
      const more = typeof required === "string" ? parseScope(required) ?? [] : [];
      // RFC 9470: the scopes are right, but the sign-in behind them is too old.
      const newApproval = typeof type === "string" && type.endsWith("#fresh-sign-in");
      ({ token, response } = await send([...new Set([...scopes, ...more])], { newApproval }));
    }
    if (response.status === 404 && mayBeMissing && problemMessage(response) !== undefined) {
      return undefined;
    }
    if (response.status >= 200 && response.status < 300) return response.body ?? {};
    const failure = refusal(this.server, this.source, response);
    const { max_expires_in: max, suggested_name: suggestion } = response.body ?? {};
    if (typeof suggestion === "string") throw new NameTakenError(failure.message, suggestion);
    throw typeof max === "number" && Number.isSafeInteger(max)
      ? new LifetimeTooLongError(failure.message, max)
      : failure;
  }
}

/** The message of a problem (RFC 9457 section 3.1), sanitized; undefined if there is none. */
export function problemMessage({ body }: Pick<HttpResponse, "body">): string | undefined {
  return firstText(body?.detail, body?.title);
}

/** Whether a new approval would help: the token expired, or covers less than is needed. */
function needsAnotherToken({ status, body }: HttpResponse): boolean {
  return status === 401 || (status === 403 && typeof body?.required_scope === "string");
}

function refusal(
  server: string,
  source: EnvironmentSource | Login,
  response: HttpResponse,
): ClientError {
  const message = problemMessage(response);
  const variable = `${brand.envPrefix}_TOKEN`;
  const byVariable = source.kind === "environment";
  const toLogin = `To use your login instead of ${variable}, unset it.`;
  if (isTemporary(response.status)) {
    return new ClientError(
      "server_unavailable",
      message === undefined
        ? `${server} cannot answer at the moment (HTTP ${response.status}). ` +
          tryAgain(response.retryAfter)
        : `${server} cannot do this at the moment: ${message}`,
    );
  }
  if (response.status === 401) {
    return byVariable
      ? new ClientError(
        "token_rejected",
        `${server} does not accept the token in ${variable}${
          message ? `: ${message}` : "."
        } ${toLogin}`,
      )
      : loginExpired();
  }
  if (response.status === 404 && message === undefined) {
    return new ClientError(
      "unsupported",
      `${server} does not support personal access tokens (HTTP 404).`,
    );
  }
  const hint = response.status === 403 && byVariable ? ` ${toLogin}` : "";
  return new ClientError(
    "request_rejected",
    message === undefined
      ? `${server} rejected the request (HTTP ${response.status}).${hint}`
      : `${server} rejected the request: ${message}${hint}`,
  );
}
