import type { Child } from "hono/jsx";
import { brand } from "../../../shared/brand.ts";
import type { User } from "../../store/users.ts";
import { localTimes } from "../assets/local_times.ts";
import { style } from "../assets/style.ts";
import type { Notice } from "../http/notice.ts";
import { AccountMenu } from "./account_menu.tsx";
import { Breadcrumbs, type Crumb } from "./breadcrumbs.tsx";
import { ICON } from "./icon.ts";
import { isFocused, Navigation } from "./navigation.tsx";
import { NoticeBox } from "./notice_box.tsx";

/**
 * The frame of every page: the dashboard for users who are signed in, a card for others and for
 * pages with one task. `csrfToken` is set while a user is signed in.
 */
export function Layout(
  props: {
    name: string;
    error?: string;
    title: string;
    path: string;
    breadcrumbs?: readonly Crumb[];
    crumb?: string;
    refresh?: string;
    user?: User;
    csrfToken?: string;
    notice?: Notice;
    children: Child;
  },
) {
  const { crumb = props.title.replace(/^Error: /, "") } = props;
  const { name, error, title, path, breadcrumbs, user, csrfToken, notice } = props;
  const dashboard = user !== undefined && !isFocused(path);
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>{`${title} – ${brand.productName}`}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        {props.refresh !== undefined && (
          <meta http-equiv="refresh" content={`0; url=${props.refresh}`} />
        )}
        <link rel="icon" href={ICON} />
        <link rel="stylesheet" href={style.url} />
        <script src={localTimes.url} defer></script>
      </head>
      <body class={dashboard ? "dashboard" : "focused"} data-page={name} data-error={error}>
        <header>
          <a class="skip" href="#content">Skip to content</a>
          <div class="bar">
            <a class="brand" href="/">
              <img src={ICON} alt="" width="28" height="28" />
              {brand.productName}
            </a>
            {user !== undefined && csrfToken !== undefined && (
              <AccountMenu user={user} csrfToken={csrfToken} />
            )}
          </div>
          {dashboard && <Navigation user={user} path={path} parent={breadcrumbs?.[0]?.path} />}
        </header>
        <div id="content" tabindex={-1}>
          {notice && <NoticeBox notice={notice} csrfToken={csrfToken} />}
          {dashboard && breadcrumbs && <Breadcrumbs crumbs={breadcrumbs} title={crumb} />}
          {props.children}
        </div>
      </body>
    </html>
  );
}
