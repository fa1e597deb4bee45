import { Description, Fields, Kind, Markdown, type Schema, SchemaLink } from "./api_schema.tsx";

type Content = Record<string, { schema: { $ref?: string } }>;

/** The part of an OpenAPI operation that the page uses. */
export interface Operation {
  operationId: string;
  summary: string;
  description?: string;
  security: unknown[];
  parameters?: { name: string; in: string; description?: string; schema: Schema }[];
  requestBody?: { content: Content };
  responses: Record<string, { description: string; content?: Content }>;
}

export interface RoutedOperation {
  method: string;
  path: string;
  operation: Operation;
}

/** The documentation of one operation. */
export function OperationSection(
  { routed: { path, method, operation }, schemas }: {
    routed: RoutedOperation;
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
        {security.length === 0 && " · no authentication required"}
      </p>
      {description !== undefined && (
        <p>
          <Markdown>{description}</Markdown>
        </p>
      )}
      {parameters !== undefined && (
        <>
          <h3>Parameters</h3>
          <ul class="fields">
            {parameters.map(({ name, in: location, description, schema }) => (
              <li>
                <code>{name}</code>{" "}
                <span class="muted">
                  <Kind schema={schema} />, in the {location}
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
            Request body: <SchemaLink reference={body} />
          </h3>
          <Fields schema={schemas[nameOf(body)]} />
        </>
      )}
      <h3>Response</h3>
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
