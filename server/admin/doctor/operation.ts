import type { Area } from "../../../shared/finding.ts";
import { examineServer } from "./examine.ts";
import type { Empty, Operation } from "../operation.ts";

/** Checks what the database and the network say about the server. */
export const examine: Operation<Empty, { areas: Area[] }> = async (deps) => ({
  areas: await examineServer(deps, { sends: true }),
});
