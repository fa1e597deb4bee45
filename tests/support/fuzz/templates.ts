/** Valid requests to every endpoint, which the fuzzer changes. */
import fc from "fast-check";
import { SCIM_PATH } from "../../../server/admin/scim_path.ts";
import { VERIFY_PATH } from "../../../server/forward_auth/verify.ts";
import { PATHS } from "../../../server/oauth/metadata.ts";
import {
  AUTHORIZATION_CODE_GRANT,
  DEVICE_CODE_GRANT,
  JWT_BEARER_GRANT,
  REFRESH_TOKEN_GRANT,
  TOKEN_EXCHANGE_GRANT,
} from "../../../shared/oauth/grant_types.ts";
import {
  ACCESS_TOKEN_TYPE,
  JWT_TYPE,
  REFRESH_TOKEN_TYPE,
} from "../../../shared/oauth/token_types.ts";
import { ISSUER } from "../test_server.ts";
import type { FuzzBody, FuzzRequest, Pairs } from "./fuzz_request.ts";
import { FUZZ_ISSUER } from "./fuzz_issuer.ts";

export type Template = fc.Arbitrary<FuzzRequest>;

const FORM_TYPE = "application/x-www-form-urlencoded";

interface Options {
  method?: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: FuzzBody;
  signed?: FuzzRequest["signed"];
}

function request(path: string, options: Options = {}): FuzzRequest {
  const { method = "GET", query = {}, headers = {}, body, signed } = options;
  return {
    name: `${method} ${path}`,
    method,
    path,
    query: Object.entries(query),
    headers: Object.entries(headers),
    body,
    signed,
  };
}

function form(path: string, fields: Record<string, string>, options: Options = {}): FuzzRequest {
  return request(path, {
    method: "POST",
    ...options,
    headers: { "content-type": FORM_TYPE, ...options.headers },
    body: { kind: "form", fields: Object.entries(fields) as Pairs },
  });
}

const bearer = (name: string) => ({ authorization: `Bearer {{${name}}}` });
const BASIC = { authorization: "Basic {{client_basic}}" };
const CLI = { client_id: "{{public_client}}" };

/** The claims of a CI job, as an issuer signs them. */
const JOB: FuzzRequest["signed"] = {
  claims: {
    iss: FUZZ_ISSUER,
    aud: ISSUER,
    sub: "job",
    jti: "{{uuid}}",
    iat: "#{{now}}",
    exp: "#{{soon}}",
  },
  header: { typ: "JWT" },
};

const CAEP = "https://schemas.openid.net/secevent/caep/event-type/";
const RISC = "https://schemas.openid.net/secevent/risc/event-type/";
const LOGOUT = "http://schemas.openid.net/event/backchannel-logout";

const event = (type: string, payload: Record<string, unknown>): FuzzRequest["signed"] => ({
  claims: {
    iss: FUZZ_ISSUER,
    aud: "client",
    jti: "{{uuid}}",
    iat: "#{{now}}",
    sub_id: { format: "iss_sub", iss: FUZZ_ISSUER, sub: "subject-{{number}}" },
    events: { [type]: payload },
  },
  header: { typ: "secevent+jwt" },
});

const OAUTH: readonly FuzzRequest[] = [
  form(PATHS.deviceAuthorization, { ...CLI, scope: "openid offline_access deploy" }),
  form(PATHS.deviceAuthorization, { ...CLI, scope: "openid", resource: "{{identifier}}" }),
  form(PATHS.deviceAuthorization, { ...CLI, acr_values: "mfa", max_age: "60" }),
  form(PATHS.token, { grant_type: DEVICE_CODE_GRANT, ...CLI, device_code: "{{device_code}}" }),
  form(PATHS.token, {
    grant_type: DEVICE_CODE_GRANT,
    ...CLI,
    device_code: "{{approved_device_code}}",
  }),
  form(PATHS.token, {
    grant_type: REFRESH_TOKEN_GRANT,
    ...CLI,
    refresh_token: "{{fresh_refresh}}",
    scope: "openid",
    resource: "{{identifier}}",
  }),
  form(PATHS.token, { grant_type: REFRESH_TOKEN_GRANT, ...CLI, refresh_token: "{{user_refresh}}" }),
  form(PATHS.token, {
    grant_type: AUTHORIZATION_CODE_GRANT,
    ...CLI,
    code: "{{code}}",
    redirect_uri: "{{redirect_uri}}",
    code_verifier: "{{verifier}}",
  }),
  form(PATHS.token, {
    grant_type: TOKEN_EXCHANGE_GRANT,
    ...CLI,
    subject_token_type: ACCESS_TOKEN_TYPE,
    subject_token: "{{pat}}",
    requested_token_type: ACCESS_TOKEN_TYPE,
  }),
  form(PATHS.token, {
    grant_type: TOKEN_EXCHANGE_GRANT,
    ...CLI,
    subject_token_type: REFRESH_TOKEN_TYPE,
    subject_token: "{{fresh_refresh}}",
    scope: "openid",
    requested_lifetime: "600",
    actor_name: "agent",
  }),
  form(PATHS.token, {
    grant_type: TOKEN_EXCHANGE_GRANT,
    subject_token_type: ACCESS_TOKEN_TYPE,
    subject_token: "{{user_access}}",
    audience: "{{identifier}}",
  }),
  form(PATHS.token, {
    grant_type: TOKEN_EXCHANGE_GRANT,
    subject_token_type: JWT_TYPE,
    subject_token: "{{signed}}",
    scope: "deploy",
  }, { signed: JOB }),
  form(PATHS.token, { grant_type: JWT_BEARER_GRANT, assertion: "{{signed}}" }, { signed: JOB }),
  form(PATHS.introspection, { token: "{{user_access}}", token_type_hint: "access_token" }, {
    headers: BASIC,
  }),
  form(PATHS.introspection, { token: "{{pat}}", resource: "{{identifier}}" }, { headers: BASIC }),
  form(PATHS.introspection, {
    token: "{{narrow}}",
    client_id: "{{client_id}}",
    client_secret: "{{client_secret}}",
  }),
  form(PATHS.revocation, { ...CLI, token: "{{fresh_access}}", token_type_hint: "access_token" }),
  form(PATHS.revocation, { ...CLI, token: "{{fresh_refresh}}" }),
  form(PATHS.revocation, { token: "{{pat}}x" }, { headers: BASIC }),
  request(PATHS.userinfo, { headers: bearer("user_access") }),
  form(PATHS.userinfo, { access_token: "{{user_access}}" }),
  request(PATHS.authorization, {
    headers: { cookie: "{{user_cookie}}" },
    query: {
      response_type: "code",
      ...CLI,
      redirect_uri: "{{redirect_uri}}",
      scope: "openid offline_access",
      state: "state",
      nonce: "nonce",
      prompt: "consent",
      max_age: "100",
      login_hint: "{{user_email}}",
      acr_values: "mfa",
      ui_locales: "de en",
      resource: "{{identifier}}",
      code_challenge: "n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg",
      code_challenge_method: "S256",
    },
  }),
  form(PATHS.authorization, { response_type: "code", ...CLI, redirect_uri: "{{redirect_uri}}" }),
  request(PATHS.keySet),
  request("/.well-known/openid-configuration"),
  request("/.well-known/oauth-authorization-server"),
  request("/.well-known/oauth-protected-resource/{{resource}}"),
  request("/.well-known/change-password"),
  request("/healthz"),
  request("/readyz"),
  request("/api/openapi.json"),
];

const FORWARD_AUTH: readonly FuzzRequest[] = [
  request(VERIFY_PATH, {
    headers: bearer("pat"),
    query: { scope: "deploy", jwt: "1", basic: "1" },
  }),
  request(VERIFY_PATH, {
    headers: bearer("user_access"),
    query: { scope: "openid", max_age: "600", acr: "mfa", resource: "{{resource}}" },
  }),
  request(VERIFY_PATH, { headers: BASIC, query: { basic: "1" } }),
  request(`${VERIFY_PATH}/some/path`, {
    headers: {
      ...bearer("user_access"),
      "x-auth-required-scope": "openid",
      "x-auth-required-max-age": "600",
      "x-forwarded-uri": "/a?b",
      "x-forwarded-method": "GET",
      "x-original-url": "https://a.example/",
    },
  }),
];

const SIGNALS: readonly FuzzRequest[] = [
  ...[
    event(`${CAEP}session-revoked`, { event_timestamp: 1, reason_admin: { en: "x" } }),
    event(`${CAEP}credential-change`, { credential_type: "password", change_type: "update" }),
    event(`${RISC}account-disabled`, { reason: "hijacking" }),
    event(`${RISC}account-enabled`, {}),
    event("https://schemas.openid.net/secevent/ssf/event-type/verification", { state: "x" }),
  ].map((signed) =>
    request("/signin/upstream/{{provider}}/events", {
      method: "POST",
      headers: {
        ...bearer("events_token"),
        "content-type": "application/secevent+jwt",
        accept: "application/json",
      },
      body: { kind: "text", text: "{{signed}}" },
      signed,
    })
  ),
  form("/signin/upstream/{{provider}}/backchannel-logout", { logout_token: "{{signed}}" }, {
    signed: {
      claims: {
        iss: FUZZ_ISSUER,
        aud: "client",
        sub: "subject-{{number}}",
        sid: "session",
        jti: "{{uuid}}",
        iat: "#{{now}}",
        exp: "#{{soon}}",
        events: { [LOGOUT]: {} },
      },
      header: { typ: "logout+jwt" },
    },
  }),
];

const SCIM_USER = {
  schemas: [
    "urn:ietf:params:scim:schemas:core:2.0:User",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
  ],
  userName: "{{unique}}@example.com",
  externalId: "{{unique}}",
  active: true,
  name: { givenName: "A", familyName: "B", formatted: "A B" },
  displayName: "A B",
  title: "Engineer",
  emails: [{ value: "{{unique}}@example.com", type: "work", primary: true }],
  phoneNumbers: [{ value: "1", type: "work" }],
  "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
    department: "d",
    manager: { value: "x" },
  },
};
const SCIM_GROUP = {
  schemas: ["urn:ietf:params:scim:schemas:core:2.0:Group"],
  displayName: "{{unique}}",
  externalId: "{{unique}}",
  members: [{ value: "{{scim_user}}", display: "x" }],
};

function scim(method: string, path: string, value?: unknown, query = {}): FuzzRequest {
  return request(`${SCIM_PATH}${path}`, {
    method,
    query,
    headers: {
      ...bearer("directory_token"),
      ...value !== undefined && { "content-type": "application/scim+json" },
    },
    body: value === undefined ? undefined : { kind: "json", value },
  });
}

const patch = (operation: Record<string, unknown>) => ({
  schemas: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
  Operations: [operation],
});

const LIST = {
  filter: 'userName sw "a" and not (active eq false or emails[type eq "work"].value pr)',
  sortBy: "userName",
  sortOrder: "descending",
  startIndex: "1",
  count: "10",
  attributes: "userName,emails.value",
};

const SCIM: readonly FuzzRequest[] = [
  scim("GET", "/ServiceProviderConfig"),
  scim("GET", "/Schemas"),
  scim("GET", "/ResourceTypes/User"),
  scim("GET", "/Users", undefined, LIST),
  scim("GET", "/Groups", undefined, {
    filter: 'displayName eq "a"',
    excludedAttributes: "members",
  }),
  scim("POST", "/Users/.search", {
    schemas: ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
    ...LIST,
    attributes: ["userName"],
    startIndex: 1,
    count: 10,
  }),
  scim("GET", "/Users/{{scim_user}}"),
  scim("POST", "/Users", SCIM_USER),
  scim("PUT", "/Users/{{scim_user}}", { ...SCIM_USER, userName: "scim-{{number}}@example.com" }),
  scim("PATCH", "/Users/{{scim_user}}", patch({ op: "replace", path: "active", value: true })),
  scim("PATCH", "/Users/{{scim_user}}", patch({ op: "Add", value: { displayName: "C" } })),
  scim(
    "PATCH",
    "/Users/{{scim_user}}",
    patch({ op: "remove", path: 'emails[type eq "work"].value' }),
  ),
  scim("DELETE", "/Users/{{uuid}}"),
  scim("POST", "/Groups", SCIM_GROUP),
  scim("PUT", "/Groups/{{scim_group}}", SCIM_GROUP),
  scim(
    "PATCH",
    "/Groups/{{scim_group}}",
    patch({ op: "add", path: "members", value: [{ value: "{{scim_user}}" }] }),
  ),
  scim(
    "PATCH",
    "/Groups/{{scim_group}}",
    patch({ op: "remove", path: 'members[value eq "{{scim_user}}"]' }),
  ),
  scim("GET", "/Groups/{{scim_group}}"),
  scim("DELETE", "/Groups/{{uuid}}"),
];

/** Everything except the pages and the REST interface, which describe themselves. */
export const TEMPLATES: Record<string, readonly FuzzRequest[]> = {
  oauth: OAUTH,
  forwardAuth: FORWARD_AUTH,
  signals: SIGNALS,
  scim: SCIM,
};
