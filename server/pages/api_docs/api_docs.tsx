import { brand } from "../../../shared/brand.ts";
import { MANAGEMENT_SCOPES, managementResource } from "../../../shared/management.ts";
import { DEVICE_CODE_GRANT } from "../../../shared/oauth/grant_types.ts";
import { openApiDocument } from "../../api/openapi.ts";
import { apiOperations } from "../../api/operations.ts";
import { PROBLEM_TYPES } from "../../api/problem.ts";
import type { PageContext } from "../context.ts";
import { type RenderDeps, renderPage } from "../render.tsx";
import { Fields, Markdown, type Schema, SchemaLink } from "./api_schema.tsx";
import { type Operation, OperationSection, type RoutedOperation } from "./operation.tsx";

/** The part of an OpenAPI document that this page uses. */
interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

/** GET /api/docs: the OpenAPI document as a page. */
export async function showApiDocs(deps: RenderDeps, c: PageContext): Promise<Response> {
  const document = openApiDocument(deps.issuer, apiOperations) as unknown as Document;
  const { schemas } = document.components;
  const operations: RoutedOperation[] = Object.entries(document.paths).flatMap(
    ([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        method: method.toUpperCase(),
        path,
        operation,
      })),
  );
  return await renderPage(deps, c, {
    name: "api_docs",
    title: "REST API",
    children: (
      <main class="wide">
        <h1>REST API</h1>
        <p>
          The API manages personal access tokens and, for administrators, users, groups, identity
          providers, clients and resources. Requests and responses are JSON. Requests are
          authenticated with an access token for this API (<code>
            resource
          </code>, RFC 8707), which the user approves in the browser. Its scopes are{" "}
          <code>{MANAGEMENT_SCOPES.read}</code> to list the user’s tokens,{" "}
          <code>{MANAGEMENT_SCOPES.write}</code> to create, rotate and revoke them, and{" "}
          <code>{MANAGEMENT_SCOPES.admin}</code>{" "}
          for administrators. Users, groups, identity providers, clients and resources have scopes
          of their own, such as <code>{MANAGEMENT_SCOPES.users_read}</code> to see users and{" "}
          <code>{MANAGEMENT_SCOPES.users_write}</code>{" "}
          to change them, which only administrators can have. A new token can have only scopes that
          the approval covers.
        </p>
        <pre class="command" tabindex={0}><code>{exampleRequests(deps.issuer)}</code></pre>
        <p>
          Also available as an <a href="/api/openapi.json">OpenAPI document</a>.
        </p>
        <nav aria-labelledby="operations">
          <h2 id="operations">Operations</h2>
          <ul>
            {operations.map(({ method, path, operation }) => (
              <li>
                <a href={`#${operation.operationId}`}>{operation.summary}</a>{" "}
                <code class="muted small">{`${method} ${path}`}</code>
              </li>
            ))}
            <li>
              <a href="#problems">Problems</a>
            </li>
          </ul>
        </nav>
        {operations.map((routed) => (
          <OperationSection key={routed.operation.operationId} routed={routed} schemas={schemas} />
        ))}
        <h2 id="problems">Problems</h2>
        <p>
          Responses with a status of 400 or above are a <SchemaLink reference="Problem" />{" "}
          (<code>application/problem+json</code>, RFC 9457). The <code>type</code>{" "}
          links to an entry of this list; the <code>detail</code> says what to do.
        </p>
        <dl>
          {Object.entries(PROBLEM_TYPES).map(([name, { description }]) => (
            <div id={name}>
              <dt>{name}</dt>
              <dd>
                <Markdown>{description}</Markdown>
              </dd>
            </div>
          ))}
        </dl>
        <h2>Schemas</h2>
        {Object.entries(schemas).map(([name, schema]) => (
          <details>
            <summary>{name}</summary>
            {/* The anchor is inside, so that following a link to it opens the details. */}
            <Fields schema={schema} id={`schema-${name}`} />
          </details>
        ))}
      </main>
    ),
  });
}

/** Requests to try, with the URL of this server. */
function exampleRequests(issuer: string): string {
  return `# Open the verification URL in the response and approve the request
curl -d client_id=${brand.cliClientId} -d resource=${managementResource(issuer)} \\
  -d scope="${MANAGEMENT_SCOPES.write} openid" ${issuer}/oauth/device/authorize
TOKEN=$(curl -d client_id=${brand.cliClientId} -d device_code="$DEVICE_CODE" \\
  -d grant_type=${DEVICE_CODE_GRANT} ${issuer}/oauth/token | jq -r .access_token)
curl -H "Authorization: Bearer $TOKEN" ${issuer}/api/v1/tokens
curl -H "Authorization: Bearer $TOKEN" \\
  -H "Content-Type: application/json" \\
  -d '{"name":"nightly","scopes":["openid"]}' \\
  ${issuer}/api/v1/tokens`;
}
