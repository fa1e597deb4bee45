/** Checks the output of `--json` against the published schema of its command. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import Ajv from "ajv/dist/2020";

const folder = fileURLToPath(new URL("../../docs/schemas/", import.meta.url));

// Formats are checked by a pattern below: ajv-formats would be one more dependency.
const ajv = new Ajv.default({ allErrors: true, allowUnionTypes: true });
ajv.addFormat("date-time", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/);

/** `pat-list` and so on: every command that has a schema. */
export const schemaNames: readonly string[] = [...Deno.readDirSync(folder)]
  .map(({ name }) => name.replace(".schema.json", "")).sort();

for (const name of schemaNames) {
  const file = `${name}.schema.json`;
  ajv.addSchema(JSON.parse(Deno.readTextFileSync(`${folder}${file}`)), file);
}

/** The parsed output of `command`, such as `pat-list`; fails if the schema does not allow it. */
export function parseOutput(command: string, output: string) {
  const value = JSON.parse(output);
  const isValid = ajv.validate(`${command}.schema.json`, value);
  assert.ok(isValid, `${command}: ${ajv.errorsText(undefined, { separator: "\n" })}\n${output}`);
  return value;
}
