import * as z from "zod/mini";
import { described, named, orNull, text, timestamp } from "../schema.ts";

const RESULTS = ["ok", "refused", "failed"] as const;

const time = (bound: string) =>
  described(
    `${bound} A date and time such as \`2026-11-24T10:00:00Z\`, in UTC if it names no zone, or a ` +
      "duration before now such as `1h` or `7d`.",
    z.optional(text(1, 40)),
  );

const id = (description: string) => orNull(described(description, z.string()));
const nameOf = (what: string) =>
  orNull(described(`The name of ${what}, if it still exists.`, z.string()));

export const auditEventListQuery = z.object({
  event: described(
    "Names of events, separated by commas. `*` stands for any text: `token.*`.",
    z.optional(text(1, 254)),
  ),
  actor: described(
    "Who did it, or on whose behalf: an id, an e-mail address, or the name of a service account.",
    z.optional(text(1, 254)),
  ),
  subject: described(
    "What it was done to: as `actor`, or the name of a trust rule or the prefix of a token.",
    z.optional(text(1, 254)),
  ),
  address: described("The IP address of the client.", z.optional(text(1, 64))),
  result: z.optional(z.enum(RESULTS)),
  since: time("Only events from this time on."),
  until: time("Only events before this time."),
  request_id: described("The id of the request.", z.optional(text(1, 254))),
  cursor: described(
    "`next_cursor` of the previous page.",
    z.optional(z.string().check(z.minLength(1), z.maxLength(200), z.regex(/^[A-Za-z0-9_-]+$/))),
  ),
  limit: described(
    "Events per page, from 1 to 500. Default: 100.",
    z.optional(z.int().check(z.minimum(1), z.maximum(500))),
  ),
});

export const auditEvent = named(
  "AuditEvent",
  z.strictObject({
    id: z.string(),
    time: timestamp("When it happened."),
    event: described("What happened, such as `token.created`.", z.string()),
    result: described(
      "`refused`: it was not allowed. `failed`: it did not work.",
      z.enum(RESULTS),
    ),
    actor: id("Who did it: the id of an account, or a name such as `operator`."),
    actor_name: nameOf("the actor"),
    acting_for: id("The id of the account on whose behalf the actor acted."),
    acting_for_name: nameOf("that account"),
    subject: id("What it was done to."),
    subject_name: nameOf("the subject"),
    address: id("The IP address of the client."),
    request_id: id("The id of the request, as in the log of the server."),
    replica: id("The process that recorded it."),
    seq: described("In the order of recording; 0 if it was copied from an older server.", z.int()),
    details: described(
      "Further facts, by name.",
      z.record(
        z.string(),
        z.nullable(z.union([z.string(), z.number(), z.boolean()])),
      ),
    ),
  }),
);

export const auditEventList = named(
  "AuditEventList",
  z.strictObject({
    events: z.array(auditEvent),
    next_cursor: orNull(
      described("The `cursor` of the next page; `null` on the last.", z.string()),
    ),
  }),
);
