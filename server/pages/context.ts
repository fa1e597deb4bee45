import type { Context } from "hono";
import type { FormParameters } from "../http/form.ts";
import type { ClientInfo, ConnectionBindings } from "../http/client_info.ts";
import type { Session } from "../store/sessions.ts";
import type { QueryParameters } from "./http/query.ts";
import type { TokenAccess } from "./tokens/access.tsx";

/** What every page knows of its request. */
export interface PageEnv {
  Bindings: ConnectionBindings;
  Variables: {
    requester: ClientInfo;
    /** The value of the browser's cookie, signed in or not. */
    browserToken: string | undefined;
    /** The CSRF token of the page, and the cookie that it belongs to; see http/csrf.ts. */
    csrfToken?: { browserToken: string; token: string };
    session: Session | undefined;
    query: QueryParameters;
    /** The form of a POST, whose CSRF token has been verified. */
    form: FormParameters;
    /** The token in the path, on pages about one token. */
    tokenAccess: TokenAccess;
  };
}

export type PageContext = Context<PageEnv>;

export type PageStatus = 200 | 400 | 403 | 404 | 409 | 410 | 413 | 422 | 429 | 503;
