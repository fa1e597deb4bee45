/** The official schema of CycloneDX 1.6, from the package of its library. */
import { join } from "node:path";
// So that deno.lock has the package, and Deno has it in its cache.
import "@cyclonedx/cyclonedx-library/package.json" with { type: "json" };
import Ajv from "ajv";
import { lockedPackage, npmPackageFolder } from "../../tasks/npm_package.ts";

/** Reports what the schema does not allow, or "". */
export async function schemaErrors(): Promise<(document: unknown) => string> {
  const library = await npmPackageFolder(await lockedPackage("@cyclonedx/cyclonedx-library"));
  const schema = async (name: string) =>
    JSON.parse(
      await Deno.readTextFile(join(library, "res", "schema", `${name}.SNAPSHOT.schema.json`)),
    );
  const ajv = new Ajv.default({ strict: false, allErrors: true });
  ajv.addFormat("date-time", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  ajv.addFormat("iri-reference", /^\S+$/);
  ajv.addFormat("uri", /^[a-z]+:\S+$/);
  ajv.addFormat("idn-email", /^\S+@\S+$/);
  const base = "http://cyclonedx.org/schema/";
  ajv.addSchema(await schema("spdx"), `${base}spdx.SNAPSHOT.schema.json`);
  ajv.addSchema(await schema("jsf-0.82"), `${base}jsf-0.82.SNAPSHOT.schema.json`);
  const validate = ajv.compile(await schema("bom-1.6"));
  return (document) => validate(document) ? "" : ajv.errorsText(validate.errors);
}
