/** Building blocks of the schemas, which validate requests and describe themselves in OpenAPI. */
import * as z from "zod/mini";

export function described<Schema extends z.ZodMiniType>(
  description: string,
  schema: Schema,
): Schema {
  z.globalRegistry.add(schema, { description });
  return schema;
}

/** A schema that OpenAPI lists under a name. */
export function named<Schema extends z.ZodMiniType>(id: string, schema: Schema): Schema {
  z.globalRegistry.add(schema, { id });
  return schema;
}

/** Text that the database may not be able to store. */
export const anyText = (minLength: number, maxLength: number) =>
  z.string().check(z.minLength(minLength), z.maxLength(maxLength));

export const text = (minLength: number, maxLength: number) =>
  anyText(minLength, maxLength).check(
    z.refine((value) => !value.includes("\0") && value.isWellFormed()),
  );

export function dateTime<Schema extends z.ZodMiniType>(
  description: string,
  schema: Schema,
): Schema {
  z.globalRegistry.add(schema, { description, format: "date-time" });
  return schema;
}

/** A date and time in a response. */
export const timestamp = (description: string) => dateTime(description, z.string());

export const orNull = <Schema extends z.ZodMiniType>(schema: Schema) => z.nullable(schema);
