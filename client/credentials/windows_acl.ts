/** Access lists on Windows, where files have no mode: a folder's list protects its files. */
import { CredentialStoreError } from "./store.ts";

/** Runs a program and returns its exit code. */
export type Run = (program: string, args: string[]) => Promise<number>;

/**
 * Restricts `folder` to its user, without inherited rights. %APPDATA% is restricted already; a
 * folder selected by a setting may not be.
 */
export async function restrictToOwner(
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
  run: Run = runProgram,
): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const user = env.USERDOMAIN ? `${env.USERDOMAIN}\\${env.USERNAME}` : `${env.USERNAME}`;
  const args = [folder, "/inheritance:r", "/grant:r", `${user}:(OI)(CI)F`, "/Q"];
  // With its full path, or a program of this name in the working directory could run instead.
  const code = await run(`${env.SystemRoot || "C:\\Windows"}\\System32\\icacls.exe`, args);
  if (code === 0) return;
  throw new CredentialStoreError(
    `The access rights of ${folder} cannot be restricted. Run: ` +
      `icacls "${folder}" /inheritance:r /grant:r "${user}:(OI)(CI)F"`,
  );
}

async function runProgram(program: string, args: string[]): Promise<number> {
  const command = new Deno.Command(program, { args, stdout: "null", stderr: "null" });
  return (await command.output()).code;
}
