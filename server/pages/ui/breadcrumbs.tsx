import { UntrustedText } from "./untrusted_text.tsx";

/** A page above another one. */
export interface Crumb {
  path: string;
  label: string;
}

/** The pages above this one, and this one. */
export function Breadcrumbs({ crumbs, title }: { crumbs: readonly Crumb[]; title: string }) {
  return (
    <nav class="breadcrumbs" aria-label="Breadcrumb">
      <ol>
        {crumbs.map(({ path, label }) => (
          <li>
            <a href={path}>
              <UntrustedText text={label} max={60} />
            </a>
          </li>
        ))}
        <li>
          <span aria-current="page">
            <UntrustedText text={title} max={60} />
          </span>
        </li>
      </ol>
    </nav>
  );
}
