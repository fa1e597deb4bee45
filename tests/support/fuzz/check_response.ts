/** What every response must be, whatever was requested. */
import Ajv from "ajv/dist/2020";
import { SCIM_PATH } from "../../../server/admin/scim_path.ts";
import { openApi } from "./openapi_templates.ts";

const ajv = new Ajv.default({ allowUnionTypes: true, strict: false, validateFormats: false });
ajv.addSchema({ $id: "openapi", components: openApi.components });

const validators = new Map<string, ReturnType<typeof ajv.compile> | undefined>();

/** The REST operation that a request is for, by its method and path. */
const operations = Object.entries(openApi.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    method: method.toUpperCase(),
    // Paths without a parameter come first, as in the router.
    pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, "[^/]+")}$`),
    templated: path.includes("{"),
    operation,
  }))
).sort((a, b) => Number(a.templated) - Number(b.templated));

export interface ReceivedResponse {
  status: number;
  headers: Headers;
  body: string;
}

/** What is wrong with a response; undefined: nothing. */
export function problemOf(
  { method, target, headers: sent }: {
    method: string;
    target: string;
    headers: readonly (readonly [name: string, value: string])[];
  },
  response: ReceivedResponse,
): string | undefined {
  const { status, headers, body } = response;
  const path = new URL(`http://localhost${target}`).pathname;
  if (status >= 500 && !(status === 501 && path.startsWith(SCIM_PATH))) return `status ${status}`;
  const type = headers.get("content-type") ?? "";
  if (/\bat (async )?[\w.<>]+ \(?(file|npm):/.test(body)) return "the body has a stack trace";
  if (method === "HEAD" || body === "") return;
  if (type.startsWith("text/html")) {
    if (!body.endsWith("</html>")) return "the page is incomplete";
    if (headers.get("content-security-policy") === null) return "no content-security-policy";
    return;
  }
  if (/json/.test(type)) {
    let value: unknown;
    try {
      value = JSON.parse(body);
    } catch {
      return "the body is not JSON";
    }
    // A malformed Host is rejected before anything reads the path.
    const isHostGiven = sent.some(([name]) => name === "host");
    if (path.startsWith("/api/v1/") && !isHostGiven) {
      return restProblem(method, path, response, value);
    }
    if (status >= 400 && path.startsWith("/oauth/")) {
      const { error, error_description } = value as Record<string, unknown>;
      // RFC 6749 section 5.2: a description has only these characters.
      if (typeof error !== "string") return "the error has no code";
      if (!/^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/.test(String(error_description ?? ""))) {
        return `error_description has other characters: ${error_description}`;
      }
    }
  }
}

function restProblem(
  method: string,
  path: string,
  { status, headers }: ReceivedResponse,
  value: unknown,
): string | undefined {
  if (status >= 400 && headers.get("content-type") !== "application/problem+json") {
    return `an error is sent as ${headers.get("content-type")}`;
  }
  const matching = operations.find((known) => known.method === method && known.pattern.test(path));
  if (matching === undefined) {
    return status === 404 || status === 405 ? undefined : `${status} without an operation`;
  }
  // The same path as an operation without a parameter.
  if (status === 405) return;
  const { operation } = matching;
  const declared = operation.responses[String(status)];
  if (declared === undefined) {
    return `${operation.operationId} does not declare the status ${status}: ${
      JSON.stringify(value).slice(0, 300)
    }`;
  }
  const key = `${operation.operationId} ${status}`;
  if (!validators.has(key)) {
    const schema = Object.values(declared.content ?? {})[0]?.schema;
    validators.set(
      key,
      schema === undefined ? undefined : ajv.compile(
        JSON.parse(
          JSON.stringify(schema).replaceAll(
            '"#/components/schemas/',
            '"openapi#/components/schemas/',
          ),
        ),
      ),
    );
  }
  const validate = validators.get(key);
  if (validate === undefined || validate(value)) return;
  return `${key} does not match its schema: ${ajv.errorsText(validate.errors)}`;
}
