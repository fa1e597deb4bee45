import { brand } from "../../../shared/brand.ts";

/** Says why a page has no buttons to change something: a file that the operator applies manages it. */
export function ManagedByFile({ file, besides }: { file: string | null; besides?: string }) {
  if (file === null) return null;
  return (
    <p class="muted" id="managed-by-file">
      Managed by the file <code>{file}</code>: change it there, and apply the file with{" "}
      <code>{`${brand.binaryName} admin apply`}</code>.{besides !== undefined && ` ${besides}`}
    </p>
  );
}
