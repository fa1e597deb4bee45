import { apiOperations } from "../../api/operations.ts";
import { openApiDocument } from "../../api/openapi.ts";
import { PROBLEM_TYPES } from "../../api/problem.ts";
import { brand } from "../../../shared/brand.ts";
import { DEVICE_CODE_GRANT } from "../../../shared/oauth/grant_types.ts";
import { MANAGEMENT_SCOPES, managementResource } from "../../../shared/management.ts";
import { Description, Fields, Kind, type Schema, SchemaLink, Words } from "./api_schema.tsx";
import { type PageContext, type PageDeps, renderPage } from "../render.tsx";

/** What this page reads of an OpenAPI document. */
interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

type Content = Record<string, { schema: { $ref?: string } }>;

interface Operation {
  operationId: string;
  summary: string;
  description?: string;
  security: unknown[];
  parameters?: { name: string; in: string; description?: string; schema: Schema }[];
  requestBody?: { content: Content };
  responses: Record<string, { description: string; content?: Content }>;
}

interface Entry {
  method: string;
  path: string;
  operation: Operation;
}

/** GET /api/docs: the OpenAPI document, to be read by people. */
export async function showApiDocs(deps: PageDeps, c: PageContext): Promise<Response> {
  const document = openApiDocument(deps.issuer, apiOperations) as unknown as Document;
  const { schemas } = document.components;
  const entries = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      operation,
    }))
  );
  return await renderPage(deps, c, {
    title: "REST interface",
    children: (
      <main class="wide">
        <h1>REST interface</h1>
        <p>
          Manages personal access tokens. Requests and answers are JSON. A request carries an access
          token for this interface (<code>resource</code>, RFC 8707), which a person approves in the
          browser. The scopes are <code>{MANAGEMENT_SCOPES.read}</code> to list your own tokens,
          {" "}
          <code>{MANAGEMENT_SCOPES.write}</code> to create, rotate and revoke them, and{" "}
          <code>{MANAGEMENT_SCOPES.admin}</code>{" "}
          for administrators. A new token has only scopes that were approved with them.
        </p>
        <pre class="command" tabindex={0}><code>{exampleFor(deps.issuer)}</code></pre>
        <p>
          Machines read <a href="/api/openapi.json">the OpenAPI document</a>.
        </p>
        <nav aria-labelledby="operations">
          <h2 id="operations">Operations</h2>
          <ul>
            {entries.map(({ method, path, operation }) => (
              <li>
                <a href={`#${operation.operationId}`}>{operation.summary}</a>{" "}
                <code class="quiet small">{`${method} ${path}`}</code>
              </li>
            ))}
            <li>
              <a href="#problems">What can go wrong</a>
            </li>
          </ul>
        </nav>
        {entries.map((entry) => (
          <OperationEntry key={entry.operation.operationId} entry={entry} schemas={schemas} />
        ))}
        <h2 id="problems">What can go wrong</h2>
        <p>
          An answer of 400 and above is a <SchemaLink reference="Problem" /> (RFC 9457), of the type
          {" "}
          <code>application/problem+json</code>. Its <code>type</code> leads to one of these, its
          {" "}
          <code>detail</code> says what to do.
        </p>
        <dl>
          {Object.entries(PROBLEM_TYPES).map(([name, { description }]) => (
            <div id={name}>
              <dt>{name}</dt>
              <dd>
                <Words>{description}</Words>
              </dd>
            </div>
          ))}
        </dl>
        <h2>Schemas</h2>
        {Object.entries(schemas).map(([name, schema]) => (
          <details>
            <summary>{name}</summary>
            {/* The anchor lies inside: a browser that is led to it opens what is around it. */}
            <Fields schema={schema} id={`schema-${name}`} />
          </details>
        ))}
      </main>
    ),
  });
}

/** Two requests to try, on this very server. */
function exampleFor(issuer: string): string {
  return `# Approve at the address that the answer names
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

function OperationEntry(
  { entry: { path, method, operation }, schemas }: {
    entry: Entry;
    schemas: Record<string, Schema>;
  },
) {
  const { operationId, summary, description, security, parameters, requestBody, responses } =
    operation;
  const body = referenceIn(requestBody?.content);
  return (
    <section class="operation" id={operationId}>
      <h2>{summary}</h2>
      <p>
        <code>{`${method} ${path}`}</code>
        {security.length === 0 && " – no token needed"}
      </p>
      {description !== undefined && (
        <p>
          <Words>{description}</Words>
        </p>
      )}
      {parameters !== undefined && (
        <>
          <h3>Parameters</h3>
          <ul class="fields">
            {parameters.map(({ name, in: where, description, schema }) => (
              <li>
                <code>{name}</code>{" "}
                <span class="quiet">
                  <Kind schema={schema} />, in the {where}
                </span>
                <Description schema={{ description }} />
              </li>
            ))}
          </ul>
        </>
      )}
      {body !== undefined && (
        <>
          <h3>
            Body: <SchemaLink reference={body} />
          </h3>
          <Fields schema={schemas[nameOf(body)]} />
        </>
      )}
      <h3>Answer</h3>
      <ul class="fields">
        {Object.entries(responses).filter(([status]) => Number(status) < 400).map((
          [status, { description, content }],
        ) => {
          const reference = referenceIn(content);
          return (
            <li>
              <code>{status}</code> {description}{" "}
              {reference !== undefined && <SchemaLink reference={reference} />}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function referenceIn(content: Content = {}): string | undefined {
  return Object.values(content)[0]?.schema.$ref;
}

function nameOf(reference: string): string {
  return reference.slice(reference.lastIndexOf("/") + 1);
}
