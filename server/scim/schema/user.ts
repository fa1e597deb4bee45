import { type Attribute, attribute, complex, plural, type Schema } from "./attribute.ts";

const PLACES = ["work", "home", "other"] as const;

const text = (name: string, description: string) => attribute(name, description);
const reference = (name: string, description: string, referenceTypes: readonly string[]) =>
  attribute(name, description, { type: "reference", caseExact: true, referenceTypes });
const readOnly = (attribute: Attribute): Attribute => ({ ...attribute, mutability: "readOnly" });

/**
 * The attributes of RFC 7643 section 4.1 that directories send by default and read back. Others are
 * ignored, the password in particular: it would not be the user's secret.
 */
export const USER_SCHEMA: Schema = {
  id: "urn:ietf:params:scim:schemas:core:2.0:User",
  name: "User",
  description: "A user of the directory, and the account that belongs to them here.",
  attributes: [
    attribute("userName", "The user's name in the directory, unique in it.", {
      required: true,
      uniqueness: "server",
    }),
    complex("name", "The parts of the user's name.", [
      text("formatted", "The full name."),
      text("familyName", "The family name."),
      text("givenName", "The given name."),
      text("middleName", "The middle names."),
      text("honorificPrefix", "A title, such as Dr."),
      text("honorificSuffix", "A suffix, such as III."),
    ]),
    text("displayName", "The name that others see."),
    text("nickName", "What the user is called."),
    reference("profileUrl", "A page about the user.", ["external"]),
    text("title", "The job title."),
    text("userType", "The relation to the organization, such as Employee."),
    text("preferredLanguage", "The preferred language (RFC 9110 section 12.5.4)."),
    text("locale", "The locale for formats."),
    text("timezone", "The time zone, such as Europe/Berlin."),
    // Required, since no client can remove it; a new user without it is active.
    attribute("active", "Whether the account works here; true by default.", {
      type: "boolean",
      required: true,
    }),
    {
      ...plural("emails", "E-mail addresses. Not required if userName is one.", PLACES, [
        attribute("value", "The address.", { required: true }),
      ]),
      required: true,
    },
    plural("phoneNumbers", "Telephone numbers.", [...PLACES, "mobile", "fax", "pager"]),
    plural("addresses", "Postal addresses.", PLACES, [
      text("formatted", "The whole address."),
      text("streetAddress", "Street and number."),
      text("locality", "The city."),
      text("region", "The state or region."),
      text("postalCode", "The postal code."),
      text("country", "The country (ISO 3166-1 alpha-2)."),
    ]),
    readOnly(complex("groups", "The user's groups in this directory.", [
      readOnly(attribute("value", "The group's id.", { caseExact: true })),
      readOnly(reference("$ref", "The group's URL.", ["Group"])),
      readOnly(text("display", "The group's name.")),
      readOnly(attribute("type", "How the user became a member.", { canonicalValues: ["direct"] })),
    ], { multiValued: true })),
  ],
};

/** RFC 7643 section 4.3. */
export const ENTERPRISE_SCHEMA: Schema = {
  id: "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
  name: "EnterpriseUser",
  description: "The user's place in the organization.",
  attributes: [
    text("employeeNumber", "The number of the employee."),
    text("costCenter", "The cost center."),
    text("organization", "The organization."),
    text("division", "The division."),
    text("department", "The department."),
    complex("manager", "The user's manager.", [
      attribute("value", "The manager's id.", { caseExact: true }),
      reference("$ref", "The manager's URL.", ["User"]),
      readOnly(text("displayName", "The manager's name.")),
    ]),
  ],
};
