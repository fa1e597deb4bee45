/** The keywords of JSON Schema that the schemas of the REST API use. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  description?: string;
  format?: string;
  enum?: unknown[];
  anyOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  minLength?: number;
  maxLength?: number;
  maxItems?: number;
  minimum?: number;
  maximum?: number;
}

/** The properties of an object, or of the entries of a list. */
export function Fields({ schema, id }: { schema: Schema; id?: string }) {
  const { properties, required } = objectSchema(schema) ?? {};
  if (properties === undefined) {
    return (
      <p id={id}>
        <Kind schema={schema} />
      </p>
    );
  }
  return (
    <ul class="fields" id={id}>
      {Object.entries(properties).map(([name, property]) => (
        <li>
          <code>{name}</code>{" "}
          <span class="muted">
            <Kind schema={property} />
            {required?.includes(name) ? "" : ", optional"}
          </span>
          <Description schema={property} />
          {objectSchema(property) !== undefined && <Fields schema={property} />}
        </li>
      ))}
    </ul>
  );
}

export function Description({ schema: { description, anyOf } }: { schema: Schema }) {
  const text = description ??
    anyOf?.find((schema) => schema.description !== undefined)?.description;
  return text === undefined ? null : (
    <>
      <br />
      <Markdown>{text}</Markdown>
    </>
  );
}

export function SchemaLink({ reference }: { reference: string }) {
  const name = reference.slice(reference.lastIndexOf("/") + 1);
  return <a href={`#schema-${name}`}>{name}</a>;
}

/** Text in which only `code` is marked up. */
export function Markdown({ children }: { children: string }) {
  const parts = children.split("`");
  return <>{parts.map((part, index) => index % 2 === 1 ? <code key={index}>{part}</code> : part)}
  </>;
}

/** The type of a value. */
export function Kind({ schema }: { schema: Schema }) {
  const { $ref, anyOf, items, maxItems, format, type = "any" } = schema;
  if ($ref !== undefined) return <SchemaLink reference={$ref} />;
  if (anyOf !== undefined) {
    return (
      <>
        {anyOf.map((alternative, index) => (
          <>
            {index > 0 && " or "}
            <Kind schema={alternative} />
          </>
        ))}
      </>
    );
  }
  if (schema.enum !== undefined) return <>{schema.enum.join(" or ")}</>;
  if (items !== undefined) {
    return (
      <>
        list {maxItems !== undefined && `(at most ${maxItems}) `}of <Kind schema={items} />
      </>
    );
  }
  if (format === "date-time") return <>timestamp (RFC 3339)</>;
  if (format === "uuid") return <>UUID</>;
  return <>{[type].flat().join(" or ") + bounds(schema)}</>;
}

function bounds({ type, minLength, maxLength, minimum, maximum }: Schema): string {
  const isText = [type].flat().includes("string");
  const [min = 0, max] = isText ? [minLength, maxLength] : [minimum, maximum];
  if (max === undefined || max === Number.MAX_SAFE_INTEGER) return "";
  return `, ${min} to ${max.toLocaleString("en")}${isText ? " characters" : ""}`;
}

/** The schema with the properties: itself, the entries of a list, or an alternative to null. */
function objectSchema(schema: Schema): Schema | undefined {
  if (schema.properties !== undefined) return schema;
  if (schema.items !== undefined) return objectSchema(schema.items);
  return schema.anyOf?.map(objectSchema).find((schema) => schema !== undefined);
}
