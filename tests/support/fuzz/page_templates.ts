/** Requests for the pages, and their forms as they are filled in. */
import { pageRoutes } from "../../../server/pages/routes.ts";
import { CSRF_FIELD } from "../../../server/pages/http/csrf.ts";
import { ISSUER } from "../test_server.ts";
import type { FuzzRequest, Pairs } from "./fuzz_request.ts";
import type { BrowserName, World } from "./world.ts";

/** What pages are about, in their queries. */
const QUERY: Record<string, string> = {
  user: "{{victim_id}}",
  login: "{{login_id}}",
  session: "{{session_id}}",
  narrow: "{{narrow_id}}",
  client: "{{web_client}}",
  group: "{{group}}",
  provider: "{{provider}}",
  resource: "{{resource}}",
  directory: "{{directory}}",
  workload: "{{workload}}",
  identity: "{{identity}}",
  passkey: "{{passkey}}",
  request: "{{uuid}}",
  rule: "{{rule}}",
  name: "{{rule}}",
  kind: "client",
  token: "{{link_token}}",
  owner: "{{user_id}}",
  scope: "deploy",
  search: "a",
  sort: "name",
  page: "1",
  state: "enabled",
  role: "admin",
  show: "all",
  type: "public",
  user_code: "{{user_code}}",
  denied: "true",
  back: "/devices",
};

/** What users type, by the names of fields. */
const TYPED: Record<string, string> = {
  email: "{{user_email}}",
  password: "{{password}}",
  repeated_password: "{{password}}",
  current_password: "{{password}}",
  user_code: "{{user_code}}",
  name: "{{unique}}",
  title: "A title",
  description: "What it is for",
  identifier: "https://{{unique}}.example.test",
  issuer: "https://{{unique}}.example.test",
  id: "{{unique}}",
  clientId: "client",
  clientSecret: "secret",
  domains: "example.org",
  homepage: "https://app.example.test/",
  redirectUris: "https://app.example.test/callback",
  user: "{{user_email}}",
  owner: "{{user_email}}",
  "transfer-to": "{{admin_email}}",
  expiry: "86400",
  until: "2027-01-31",
  addresses: "10.0.0.0/8",
  overlap: "0",
  subject: "acme/api",
  repository_id: "74",
  branch: "main",
  conditions: "sub=job",
  lifetime: "10",
  scopes: "deploy",
  "scope:deploy": "on",
  code: "123456",
  decision: "approve",
  credential: "{{passkey_used}}",
  accessTokenLifetime: "10m",
};

/** Parameters that decide what a page of several steps does. */
const STEPS: Record<string, readonly Record<string, string>[]> = {
  "/admin/trust/add": [
    { step: "provider", provider: "github" },
    { step: "workload", provider: "github" },
    { step: "permissions", provider: "github", scopes: "1" },
    { step: "test", provider: "github", scope: "deploy", do: "save" },
    { step: "test", provider: "generic", scope: "deploy", do: "test", token: "{{signed}}" },
    { step: "workload", provider: "kubernetes" },
  ],
  "/admin/trust/edit": [
    { step: "workload", provider: "generic", rule: "{{rule}}" },
    { step: "test", provider: "generic", rule: "{{rule}}", scope: "deploy", do: "save" },
  ],
  "/admin/clients/add": [{ type: "public" }, { type: "confidential" }],
};

/** Pages whose forms would leave nothing to fuzz. */
const DESTRUCTIVE = ["/signout", "/logins/revoke-all", "/account/password", "/sessions/sign-out"];

/** Opens every page as every user, and returns requests for it and for the forms on it. */
export async function pageTemplates(world: World): Promise<FuzzRequest[]> {
  const templates = new Map<string, FuzzRequest>();
  const placeholders = Object.entries(world.values)
    .filter(([name, value]) => value.length > 8 && !name.endsWith("_csrf"))
    .sort(([, a], [, b]) => b.length - a.length);
  const generalized = (text: string) => {
    const known = placeholders.find(([, value]) => value === text);
    return known === undefined ? text : `{{${known[0]}}}`;
  };
  for (const route of pageRoutes) {
    const path = route.path.replace(":id", "{{pat_id}}").replace(":provider", "{{provider}}");
    const names = [...route.keep ?? [], ...SPECIAL[route.path] ?? []];
    const query: Pairs = names.map((name) => [name, QUERY[name] ?? "x"]);
    const who: BrowserName = route.access === "everyone"
      ? "guest"
      : route.access === "administrator"
      ? "admin"
      : "user";
    const browser = world.browsers[who];
    const headers: Pairs = [["cookie", `{{${who}_cookie}}`]];
    if (route.method === "GET") {
      templates.set(`GET ${route.path}`, {
        name: `GET ${route.path}`,
        method: "GET",
        path,
        query,
        headers,
      });
      const filled: [string, string][] = [];
      for (const [name, value] of query) filled.push([name, await fillAll(value, world)]);
      const address = `${await fillAll(path, world)}?${new URLSearchParams(filled)}`;
      const page = await browser.get(address);
      for (const [action, fields] of formsOf(page.html)) {
        const name = `POST ${generalizedPath(action, world)}`;
        const typed = fields.map(([field, value]): [string, string] => [
          field,
          field === CSRF_FIELD
            ? `{{${who}_csrf}}`
            : value !== ""
            ? generalized(value)
            : TYPED[field] ?? "",
        ]);
        const key = `${name} ${typed.map(([field]) => field)}`;
        templates.set(key, submission(name, generalizedPath(action, world), typed, headers));
      }
      continue;
    }
    // Also forms that are not on a page now.
    const typed: Pairs = [
      [CSRF_FIELD, `{{${who}_csrf}}`],
      ...query,
      ...Object.entries(TYPED),
      ["idempotency_key", "{{uuid}}"],
    ];
    for (const step of STEPS[route.path] ?? [{}]) {
      const fields = [...typed.filter(([name]) => !(name in step)), ...Object.entries(step)];
      const name = `POST ${route.path}`;
      const unique = [...new Map(fields as [string, string][])];
      templates.set(`${name} ${JSON.stringify(step)}`, submission(name, path, unique, headers));
    }
  }
  return [...templates.values()].filter(({ name }) =>
    !DESTRUCTIVE.includes(name.replace("POST ", ""))
  );
}

/** Parameters of pages that no row of the table keeps. */
const SPECIAL: Record<string, readonly string[]> = {
  "/device": ["user_code"],
  "/password/choose": ["token"],
  "/setup": ["token"],
  "/signin/test-provider": ["token"],
  "/admin/trust/edit": ["rule"],
  "/signin/upstream/:provider/callback": ["state", "code", "iss", "error"],
};

function submission(name: string, path: string, fields: Pairs, headers: Pairs): FuzzRequest {
  return {
    name,
    method: "POST",
    path,
    query: [],
    headers: [
      ...headers,
      ["content-type", "application/x-www-form-urlencoded"],
      ["origin", ISSUER],
      ["sec-fetch-site", "same-origin"],
    ],
    body: { kind: "form", fields },
  };
}

async function fillAll(text: string, world: World): Promise<string> {
  let filled = text;
  for (const [placeholder, name] of text.matchAll(/\{\{(\w+)\}\}/g)) {
    filled = filled.replace(placeholder, await world.resolve(name));
  }
  return filled;
}

function generalizedPath(action: string, { values }: World): string {
  return action.split("?")[0].replace(values.pat_id, "{{pat_id}}")
    .replace(values.provider, "{{provider}}");
}

/** The forms of a page: where each posts to, and its fields with their values. */
function formsOf(html: string): [action: string, fields: [string, string][]][] {
  return [...html.matchAll(/<form[^>]*action="([^"]*)"[^>]*>([^]*?)<\/form>/g)]
    .filter(([form]) => form.includes('method="post"'))
    .map(([, action, content]) => {
      const fields = [...content.matchAll(/<(?:input|select|textarea|button)\b[^>]*>/g)]
        .map(([tag]) => [attribute(tag, "name"), attribute(tag, "value") ?? ""] as const)
        .filter((field): field is [string, string] => field[0] !== undefined);
      return [action.replaceAll("&amp;", "&"), fields as [string, string][]] as const;
    })
    .map(([action, fields]) => [action, [...new Map(fields)]]);
}

function attribute(tag: string, name: string): string | undefined {
  return new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1].replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&");
}
