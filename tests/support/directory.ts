/** A directory that provisions users and groups of a test's server over SCIM. */
import assert from "node:assert/strict";
import { insertDirectory } from "../../server/store/directories/directories.ts";
import { tokenHash } from "../../server/tokens/token_hash.ts";
import { generateDirectoryToken } from "../../server/tokens/directory_token.ts";
import type { TestServer } from "./test_server.ts";

export interface ScimAnswer {
  status: number;
  headers: Headers;
  // deno-lint-ignore no-explicit-any
  body: any;
}

export interface TestDirectory {
  name: string;
  token: string;
  /** Sends a request below `/scim/v2`; `body` is JSON. */
  send(method: string, path: string, body?: unknown, headers?: HeadersInit): Promise<ScimAnswer>;
  /** Creates a user and returns its id. */
  addUser(userName: string, more?: Record<string, unknown>): Promise<string>;
}

export async function addDirectory(
  server: TestServer,
  name = "okta",
  domains: readonly string[] = [],
): Promise<TestDirectory> {
  const { token, prefix } = generateDirectoryToken();
  const now = new Date(server.clock.now());
  const hash = tokenHash(token);
  const { sql } = server.parts;
  await insertDirectory(sql, { name, domains, tokenHash: hash, tokenPrefix: prefix, now });
  return testDirectory((path, init) => server.request(path, init), { name, token });
}

/** A directory that a server has already. `request` sends to the server's origin. */
export function testDirectory(
  request: (path: string, init: RequestInit) => Promise<Response>,
  { name, token }: { name: string; token: string },
): TestDirectory {
  const directory: TestDirectory = {
    name,
    token,
    async send(method, path, body, headers) {
      const text = typeof body === "string" ? body : JSON.stringify(body);
      const response = await request(`/scim/v2${path}`, {
        method,
        body: text,
        headers: {
          authorization: `Bearer ${token}`,
          ...text !== undefined && {
            "content-type": "application/scim+json",
            "content-length": String(new TextEncoder().encode(text).length),
          },
          ...Object.fromEntries(new Headers(headers)),
        },
      });
      const received = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        body: received === "" ? undefined : JSON.parse(received),
      };
    },
    async addUser(userName, more = {}) {
      const answer = await directory.send("POST", "/Users", {
        schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"],
        userName,
        ...more,
      });
      assert.equal(answer.status, 201, JSON.stringify(answer.body));
      return answer.body.id;
    },
  };
  return directory;
}
