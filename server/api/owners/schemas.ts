import * as z from "zod/mini";
import { OWNED_KINDS } from "../../store/owners.ts";
import { described, named, orNull, text } from "../schema.ts";

export const ownedKind = named("OwnedKind", z.enum(OWNED_KINDS));

export const owned = named(
  "Owned",
  z.object({
    kind: ownedKind,
    name: described("Of a client, its id.", z.string()),
    owner: orNull(
      described(
        "Null: the operator looks after it.",
        z.object({ id: z.string(), email: z.string(), disabled: z.boolean() }),
      ),
    ),
  }),
);

export const ownedList = named("OwnedList", z.object({ owned: z.array(owned) }));

export const ownerChange = named(
  "OwnerChange",
  z.strictObject({
    kind: ownedKind,
    name: described("Of a client, its id.", text(1, 1000)),
    owner: orNull(
      described("The e-mail address or id of a user. Null: the operator.", text(1, 254)),
    ),
  }),
);

export const changedOwner = named(
  "ChangedOwner",
  z.object({ owner: orNull(described("The address of the owner.", z.string())) }),
);
