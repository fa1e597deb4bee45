import * as z from "zod/mini";
import { Problem } from "./problem.ts";

const MAX_ISSUES = 5;

/** The value with the types of the schema; a problem that names what does not match. */
export function parseWith<Schema extends z.ZodMiniType>(
  schema: Schema,
  value: unknown,
  where: "body" | "query",
): { value: z.output<Schema> } | Problem {
  const result = z.safeParse(schema, value);
  if (result.success) return { value: result.data };
  const issues = result.error.issues.slice(0, MAX_ISSUES).map((issue) =>
    `${[where, ...issue.path].join(".")} ${describeIssue(issue)}`
  );
  return new Problem("malformed", `${issues.join("; ")}.`);
}

/** The library's own messages would add all of its languages to the program. */
function describeIssue(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `must be of type ${issue.expected}`;
    case "too_small":
      return `is too small: the minimum is ${issue.minimum}`;
    case "too_big":
      return `is too large: the maximum is ${issue.maximum}`;
    case "unrecognized_keys":
      return `has unknown members: ${issue.keys.slice(0, 5).join(", ").slice(0, 100)}`;
    case "invalid_value":
      return `must be one of ${issue.values.join(", ")}`;
    case "custom":
      return "contains characters that cannot be stored";
    default:
      return "has an invalid format";
  }
}
