import { DomainError } from "../domain_error.ts";
import { NoSpaceForCopy } from "../store/embedded/copy_folder.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import type { Empty, Operation } from "./operation.ts";

/**
 * Copies the embedded database of a running server, for a command that backs it up. The server
 * answers requests meanwhile, but statements wait until the files are copied.
 */
export const snapshotDatabase: Operation<Empty, { folder: string } | DomainError> = async (
  { snapshot, sql, clock },
) => {
  if (snapshot === undefined) {
    throw new Error("only the embedded database is copied by the server");
  }
  try {
    const folder = await snapshot();
    await recordAuditEvent(sql, clock, { event: "database.copied", actor: "operator" });
    return { folder };
  } catch (error) {
    if (error instanceof NoSpaceForCopy) return noSpaceForCopy(error);
    throw error;
  }
};

const MEGABYTE = 1024 * 1024;

function noSpaceForCopy({ neededBytes, freeBytes }: NoSpaceForCopy): DomainError {
  const megabytes = (bytes: number) => `${Math.ceil(bytes / MEGABYTE)} MB`;
  return new DomainError(
    "unavailable",
    `The backup needs a temporary copy of the database in the data folder: ${
      megabytes(neededBytes)
    }, but ${
      megabytes(freeBytes)
    } are free there. Free some space, or stop the server: then no copy is needed.`,
  );
}
