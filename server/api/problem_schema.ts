import * as z from "zod/mini";
import { described, named } from "./schema.ts";

/** A problem on the wire (RFC 9457). */
export const problemSchema = named(
  "Problem",
  z.strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    required_scope: described(
      "With `insufficient-scope`: the scope that an approval must cover.",
      z.optional(z.string()),
    ),
    max_expires_in: described(
      "If `expires_in` is longer than the policy allows: the longest lifetime in seconds.",
      z.optional(z.int()),
    ),
    suggested_name: described(
      "If an active token has the requested name: a similar name that is free.",
      z.optional(z.string()),
    ),
  }),
);
