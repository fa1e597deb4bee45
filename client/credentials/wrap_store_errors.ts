/** Failures of the operating system as CredentialStoreError, with the next step for the user. */
import { HOW_TO_CHANGE_FOLDER } from "./config_dir.ts";
import { describeFileError } from "./file_error.ts";
import { InsecurePermissionsError } from "./secure_file.ts";
import { CredentialStoreError } from "./store.ts";

/** `failure` starts the message, such as `Credentials cannot be stored in PATH`. */
export async function wrapStoreErrors<T>(
  failure: string,
  work: () => Promise<T> | T,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof InsecurePermissionsError) throw new CredentialStoreError(error.message);
    // Only errors of the operating system: others have their own message.
    if (!(error instanceof Error) || !("code" in error)) throw error;
    if (error instanceof CredentialStoreError || error instanceof DOMException) throw error;
    throw new CredentialStoreError(
      `${failure}: ${describeFileError(error)}. ${HOW_TO_CHANGE_FOLDER}`,
    );
  }
}
