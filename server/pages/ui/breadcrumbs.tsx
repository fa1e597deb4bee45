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
              <bdi>{label}</bdi>
            </a>
          </li>
        ))}
        <li>
          <span aria-current="page">
            <bdi>{title}</bdi>
          </span>
        </li>
      </ol>
    </nav>
  );
}
