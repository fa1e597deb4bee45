import type { User } from "../../store/users.ts";

/** A part of the dashboard. */
export interface NavigationEntry {
  path: string;
  label: string;
  /** Paths of its other pages; those below `path` belong to it anyway. */
  covers?: readonly string[];
  /** Only for administrators. */
  admin?: true;
}

/** The parts of the dashboard, in the order in which the navigation has them. */
const NAVIGATION: readonly NavigationEntry[] = [
  { path: "/", label: "Overview" },
  { path: "/tokens", label: "Tokens" },
  { path: "/devices", label: "Logins", covers: ["/logins", "/sessions", "/consents"] },
  { path: "/admin/people", label: "People", admin: true },
  { path: "/admin/groups", label: "Groups", covers: ["/admin/access"], admin: true },
  { path: "/admin/directories", label: "Directories", admin: true },
  { path: "/admin/identity-providers", label: "Identity providers", admin: true },
  { path: "/admin/clients", label: "Clients", admin: true },
  { path: "/admin/resources", label: "Resources", admin: true },
  { path: "/admin/trust", label: "Workloads", admin: true },
  { path: "/admin/tokens", label: "All tokens", admin: true },
  { path: "/admin/audit", label: "Audit log", admin: true },
  { path: "/admin/health", label: "Health", admin: true },
];

/** Links of the account menu, above "Sign out". */
export const ACCOUNT_MENU: readonly NavigationEntry[] = [
  { path: "/account", label: "Your account" },
  { path: "/account/security", label: "Sign-in methods" },
  { path: "/api/docs", label: "REST API" },
];

/** Pages with one task, which show no navigation: nothing leads away from an approval. */
const FOCUSED = ["/device", "/oauth/authorize", "/consent", "/signin", "/setup", "/password"];

export function isFocused(path: string): boolean {
  return FOCUSED.some((focused) => isBelow(path, focused));
}

/** `path`: of the page. `parent`: of its first breadcrumb, if it has any. */
export function Navigation(
  { user, path, parent = path }: { user: User; path: string; parent?: string },
) {
  const current = NAVIGATION.find((entry) => belongsTo(parent, entry));
  const list = (entries: readonly NavigationEntry[], label?: string) => (
    <ul aria-label={label}>
      {entries.map((entry) => (
        <li>
          <a
            href={entry.path}
            aria-current={entry !== current ? undefined : path === entry.path ? "page" : "true"}
          >
            {entry.label}
          </a>
        </li>
      ))}
    </ul>
  );
  return (
    <nav class="navigation" aria-label="Main">
      {list(NAVIGATION.filter(({ admin }) => !admin))}
      {user.isAdmin && list(NAVIGATION.filter(({ admin }) => admin), "Administration")}
    </nav>
  );
}

function belongsTo(path: string, entry: NavigationEntry): boolean {
  if (entry.path === "/") return path === "/";
  return [entry.path, ...entry.covers ?? []].some((covered) => isBelow(path, covered));
}

function isBelow(path: string, parent: string): boolean {
  return path === parent || path.startsWith(`${parent}/`);
}
