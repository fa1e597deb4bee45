/** What this page reads of a JSON Schema: as much as the REST interface's schemas say. */
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

/** The members of an object, one a line; of a list, those of its entries. */
export function Fields({ schema, id }: { schema: Schema; id?: string }) {
  const { properties, required } = membersOf(schema) ?? {};
  if (properties === undefined) {
    return (
      <p id={id}>
        <Kind schema={schema} />
      </p>
    );
  }
  return (
    <ul class="fields" id={id}>
      {Object.entries(properties).map(([name, member]) => (
        <li>
          <code>{name}</code>{" "}
          <span class="quiet">
            <Kind schema={member} />
            {required?.includes(name) ? "" : ", may be left out"}
          </span>
          <Description schema={member} />
          {membersOf(member) !== undefined && <Fields schema={member} />}
        </li>
      ))}
    </ul>
  );
}

/** What a value means, on a line of its own. */
export function Description({ schema: { description, anyOf } }: { schema: Schema }) {
  const words = description ?? anyOf?.find((one) => one.description !== undefined)?.description;
  return words === undefined ? null : (
    <>
      <br />
      <Words>{words}</Words>
    </>
  );
}

export function SchemaLink({ reference }: { reference: string }) {
  const name = reference.slice(reference.lastIndexOf("/") + 1);
  return <a href={`#schema-${name}`}>{name}</a>;
}

/** Words of the document, in which `this` is code. */
export function Words({ children }: { children: string }) {
  const parts = children.split("`");
  return <>{parts.map((part, index) => index % 2 === 1 ? <code key={index}>{part}</code> : part)}
  </>;
}

/** What kind of value it is, in words. */
export function Kind({ schema }: { schema: Schema }) {
  const { $ref, anyOf, items, maxItems, format, type = "anything" } = schema;
  if ($ref !== undefined) return <SchemaLink reference={$ref} />;
  if (anyOf !== undefined) {
    return (
      <>
        {anyOf.map((one, index) => (
          <>
            {index > 0 && " or "}
            <Kind schema={one} />
          </>
        ))}
      </>
    );
  }
  if (schema.enum !== undefined) return <>{schema.enum.join(" or ")}</>;
  if (items !== undefined) {
    return (
      <>
        list {maxItems !== undefined && `(${maxItems} at most) `}of <Kind schema={items} />
      </>
    );
  }
  if (format === "date-time") return <>time (RFC 3339)</>;
  if (format === "uuid") return <>UUID</>;
  return <>{[type].flat().join(" or ") + bounds(schema)}</>;
}

function bounds({ type, minLength, maxLength, minimum, maximum }: Schema): string {
  const isText = [type].flat().includes("string");
  const [least = 0, most] = isText ? [minLength, maxLength] : [minimum, maximum];
  if (most === undefined || most === Number.MAX_SAFE_INTEGER) return "";
  return `, ${least} to ${most.toLocaleString("en")}${isText ? " characters" : ""}`;
}

/** The object with the members, wherever it stands: itself, in a list, or beside null. */
function membersOf(schema: Schema): Schema | undefined {
  if (schema.properties !== undefined) return schema;
  if (schema.items !== undefined) return membersOf(schema.items);
  return schema.anyOf?.map(membersOf).find((one) => one !== undefined);
}
