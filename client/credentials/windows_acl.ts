/** On Windows, where files have no mode, a folder's access list guards what is in it. */
import { CredentialStoreError } from "./store.ts";

/** Starts a program and gives its exit code. */
export type Run = (program: string, args: string[]) => Promise<number>;

/**
 * Leaves `folder` to its user alone, and to nobody by inheritance: %APPDATA% is
 * closed to other users already, a folder chosen by setting may not be.
 */
export async function keepToOwner(
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
  run: Run = runProgram,
): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const user = env.USERDOMAIN ? `${env.USERDOMAIN}\\${env.USERNAME}` : `${env.USERNAME}`;
  const args = [folder, "/inheritance:r", "/grant:r", `${user}:(OI)(CI)F`, "/Q"];
  // Named in full, or a program of that name in the working folder might run instead.
  const code = await run(`${env.SystemRoot || "C:\\Windows"}\\System32\\icacls.exe`, args);
  if (code === 0) return;
  throw new CredentialStoreError(
    `The folder ${folder} cannot be closed to other users. Try it yourself: ` +
      `icacls "${folder}" /inheritance:r /grant:r "${user}:(OI)(CI)F"`,
  );
}

async function runProgram(program: string, args: string[]): Promise<number> {
  const command = new Deno.Command(program, { args, stdout: "null", stderr: "null" });
  return (await command.output()).code;
}
