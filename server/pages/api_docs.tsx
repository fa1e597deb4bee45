import { apiOperations } from "../api/api.ts";
import { openApiDocument } from "../api/openapi.ts";
import { brand } from "../../shared/brand.ts";
import { page, type PageContext, type PageParts } from "./page.tsx";

/** What this page reads of an OpenAPI document. */
interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, unknown> };
}

interface Operation {
  operationId: string;
  summary: string;
  description?: string;
  security: unknown[];
  parameters?: { name: string; in: string; description?: string }[];
  requestBody?: { content: Record<string, { schema: { $ref?: string } }> };
  responses: Record<
    string,
    { description: string; content?: Record<string, { schema: { $ref?: string } }> }
  >;
}

/** Kinds of problems, by the anchor that `type` ends in. */
const PROBLEMS: Record<string, string> = {
  malformed: "The request is no JSON, or does not fit the schema. The detail names the field.",
  unauthorized: "No token came, or one that does not count. The detail says why and since when.",
  forbidden: "The login may not do this, or the server's policy does not allow it.",
  "not-found": "There is no such token or operation, or the token is somebody else's.",
  conflict: "Somebody was faster: the token has been rotated, revoked or imported already.",
  invalid: "The request is well-formed, and yet cannot be done. The detail says what to change.",
  "too-large": "The body is too large.",
  "too-many": "Too many requests. Retry-After says how many seconds to wait.",
  signature: "The alert is not signed by a current key.",
  unavailable: "The server has trouble. Try again shortly.",
};

/** GET /api/docs: the OpenAPI document, to be read by people. */
export async function showApiDocs(parts: PageParts, c: PageContext): Promise<Response> {
  const document = openApiDocument(parts.issuer, apiOperations) as unknown as Document;
  return await page(parts, c, {
    title: "REST interface",
    children: (
      <main class="wide">
        <h1>REST interface</h1>
        <p>
          Send the access token of a login as{" "}
          <code>Authorization: Bearer</code>. The command line prints it:{" "}
          <code>{`${brand.binaryName} token`}</code>. Machines read{" "}
          <a href="/api/openapi.json">the OpenAPI document</a>.
        </p>
        {Object.entries(document.paths).map(([path, methods]) =>
          Object.entries(methods).map(([method, operation]) => (
            <OperationEntry path={path} method={method} operation={operation} />
          ))
        )}
        <h2>Schemas</h2>
        {Object.entries(document.components.schemas).map(([name, schema]) => (
          <section class="operation" id={`schema-${name}`}>
            <h3>{name}</h3>
            <pre tabindex={0}>{JSON.stringify(schema, undefined, 2)}</pre>
          </section>
        ))}
        <h2>Problems</h2>
        <dl>
          {Object.entries(PROBLEMS).map(([name, words]) => (
            <div id={name}>
              <dt>{name}</dt>
              <dd>{words}</dd>
            </div>
          ))}
        </dl>
      </main>
    ),
  });
}

function OperationEntry(
  { path, method, operation }: { path: string; method: string; operation: Operation },
) {
  const body = Object.values(operation.requestBody?.content ?? {})[0]?.schema.$ref;
  return (
    <section class="operation" id={operation.operationId}>
      <h2>{operation.summary}</h2>
      <p>
        <code>{`${method.toUpperCase()} ${path}`}</code>
        {operation.security.length === 0 && " – no token needed"}
      </p>
      {operation.description !== undefined && <p>{operation.description}</p>}
      {operation.parameters !== undefined && (
        <ul>
          {operation.parameters.map(({ name, in: where, description }) => (
            <li>
              <code>{name}</code> {description ?? `(${where})`}
            </li>
          ))}
        </ul>
      )}
      {body !== undefined && (
        <p>
          Body: <SchemaLink reference={body} />
        </p>
      )}
      <ul>
        {Object.entries(operation.responses).map(([status, { description, content }]) => {
          const reference = Object.values(content ?? {})[0]?.schema.$ref;
          return (
            <li>
              {status}: {description}{" "}
              {reference !== undefined && <SchemaLink reference={reference} />}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function SchemaLink({ reference }: { reference: string }) {
  const name = reference.slice(reference.lastIndexOf("/") + 1);
  return <a href={`#schema-${name}`}>{name}</a>;
}
