/** What a release's archive for Linux contains, with a shell script as the program by default. */
import { NOTICES_FILE } from "../../tasks/release/third_party_notices.ts";
import { archiveFolder } from "../../shared/release.ts";
import type { ArchiveFile } from "../../tasks/release/archive_file.ts";

export function linuxArchive(
  name: string,
  version: string,
  target: string,
  program: Uint8Array | string = `#!/bin/sh\necho "${name} ${version}"\n`,
): ArchiveFile[] {
  const contents = {
    [name]: program,
    LICENSE: "MIT License\n\nCopyright (c) 2026 Acme\n",
    [NOTICES_FILE]: "Notices\n",
    [`man/${name}.1`]: `.TH ${name} 1\n.SH NAME\n${name} \\- log in\n`,
    [`man/${name}-serve.1`]: `.TH ${name}-serve 1\n.SH NAME\n${name}-serve \\- serve\n`,
    [`completions/${name}.bash`]: "# bash\n",
    [`completions/_${name}`]: `#compdef ${name}\n`,
    [`completions/${name}.fish`]: "# fish\n",
    [`completions/${name}.ps1`]: "# PowerShell\n",
  };
  return Object.entries(contents).map(([path, content]) => ({
    name: `${archiveFolder(version, target, name)}/${path}`,
    content: typeof content === "string" ? new TextEncoder().encode(content) : content,
    executable: path === name,
  }));
}
