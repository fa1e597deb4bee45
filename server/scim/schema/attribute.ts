/** What a schema says about an attribute (RFC 7643 section 7). */
export interface Attribute {
  name: string;
  type: "string" | "boolean" | "dateTime" | "reference" | "complex";
  multiValued: boolean;
  description: string;
  required: boolean;
  /** Whether letter case counts in comparisons. */
  caseExact: boolean;
  mutability: "readWrite" | "readOnly" | "immutable";
  returned: "always" | "default";
  uniqueness: "none" | "server";
  /** Of a complex attribute. */
  subAttributes?: readonly Attribute[];
  canonicalValues?: readonly string[];
  referenceTypes?: readonly string[];
}

export interface Schema {
  /** The URN that names it. */
  id: string;
  name: string;
  description: string;
  attributes: readonly Attribute[];
}

/** An attribute with the defaults of RFC 7643 section 2.2. */
export function attribute(
  name: string,
  description: string,
  more: Partial<Omit<Attribute, "name" | "description">> = {},
): Attribute {
  return {
    name,
    type: "string",
    multiValued: false,
    description,
    required: false,
    caseExact: false,
    mutability: "readWrite",
    returned: "default",
    uniqueness: "none",
    ...more,
  };
}

export function complex(
  name: string,
  description: string,
  subAttributes: readonly Attribute[],
  more: Partial<Omit<Attribute, "name" | "description" | "subAttributes">> = {},
): Attribute {
  return attribute(name, description, { ...more, type: "complex", subAttributes });
}

/** A multi-valued attribute with the sub-attributes of RFC 7643 section 2.4. */
export function plural(
  name: string,
  description: string,
  types: readonly string[],
  subAttributes: readonly Attribute[] = [attribute("value", "The value.")],
): Attribute {
  return complex(name, description, [
    ...subAttributes,
    attribute("display", "A label to show."),
    attribute("type", "What the value is for.", { canonicalValues: types }),
    attribute("primary", "Whether this is the preferred value.", { type: "boolean" }),
  ], { multiValued: true });
}

/** Names of attributes have no letter case (RFC 7643 section 2.1). */
export function findAttribute(
  attributes: readonly Attribute[] | undefined,
  name: string,
): Attribute | undefined {
  const key = name.toLowerCase();
  return attributes?.find((attribute) => attribute.name.toLowerCase() === key);
}
