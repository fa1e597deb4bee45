import { brand } from "../../../shared/brand.ts";
import { Command } from "../ui/command.tsx";

/** How to create the first administrator. */
export function SetupInstructions() {
  const command = `${brand.binaryName} admin user add alice@example.com --admin`;
  return (
    <>
      <p>
        To create the first administrator, open the setup link that the server printed when it
        started. It prints a new link at each start until there is an administrator.
      </p>
      <p>Or run this command on the server, which asks for the password:</p>
      <Command>{command}</Command>
    </>
  );
}
