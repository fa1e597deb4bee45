import type { PageContext } from "../context.ts";

/** A parameter of the query, or undefined. */
export type QueryParameters = (name: string) => string | undefined;

/** Without U+0000, which no parameter needs and PostgreSQL's text type cannot contain. */
export function queryParameters(c: PageContext): QueryParameters {
  return (name) => c.req.query(name)?.replaceAll("\0", "");
}
