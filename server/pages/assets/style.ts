import { brand } from "../../../shared/brand.ts";
import { asset } from "./asset.ts";

const { accent, accentText } = brand.colors;

/** The one style sheet. Text has a contrast of 4.5 and more in both themes, edges of 3. */
export const style = asset(
  "style.css",
  `
:root {
  --ground: #f5f6f8; --card: #ffffff; --text: #1a1f29; --muted: #565e6c; --line: #d8dce3;
  --edge: #828a99; --accent: ${accent.light}; --accent-text: ${accentText.light};
  --danger: #b3231b; --danger-text: #ffffff; --danger-ground: #fdeeed; --danger-line: #e3a09b;
  --warning-ground: #fff7e0; --warning-line: #d9b44a; --good: #1b7a3d;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0e1116; --card: #171b22; --text: #e7eaf0; --muted: #a3acba; --line: #2d343f;
    --edge: #717b8b; --accent: ${accent.dark}; --accent-text: ${accentText.dark};
    --danger: #ff9a92; --danger-text: #2a0805; --danger-ground: #371513; --danger-line: #8d3a34;
    --warning-ground: #2c240f; --warning-line: #7d6420; --good: #63d08b;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html { color-scheme: light dark; -webkit-text-size-adjust: 100%; }
body {
  margin: 0; min-height: 100vh; overflow-wrap: break-word; background: var(--ground); color: var(--text);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
.skip {
  position: absolute; left: 0.5rem; top: 0.5rem; z-index: 3; padding: 0.5rem 1rem;
  color: var(--accent-text); background: var(--accent); border-radius: 0.5rem; transform: translateY(-200%);
}
.skip:focus { transform: none; }
#content:focus { outline: none; }
.bar, .navigation, .dashboard #content { max-width: 66rem; margin-inline: auto; padding-inline: 1.25rem; }
.bar { display: flex; align-items: center; justify-content: space-between; gap: 1rem; min-height: 3.75rem; }
.dashboard { background: var(--card); }
.dashboard header { background: var(--ground); border-bottom: 1px solid var(--line); }
.brand {
  display: inline-flex; flex: none; align-items: center; gap: 0.6rem; min-height: 2.75rem;
  color: var(--text); font-weight: 650; text-decoration: none;
}
.account { position: relative; min-width: 0; }
.account summary {
  display: flex; align-items: center; gap: 0.6rem; padding: 0 0.25rem; border-radius: 0.5rem;
  list-style: none; font-weight: 400;
}
.account summary::-webkit-details-marker { display: none; }
.account summary::after { content: "▾"; color: var(--muted); }
.account-email {
  min-width: 0; overflow: hidden; color: var(--muted); font-size: 0.9rem; text-overflow: ellipsis;
  white-space: nowrap;
}
.avatar {
  display: inline-flex; flex: none; align-items: center; justify-content: center; width: 2rem;
  height: 2rem; color: var(--accent-text); background: var(--accent); border-radius: 50%;
  font-size: 0.9rem; font-weight: 650;
}
.menu {
  position: absolute; right: 0; z-index: 2; width: max-content; min-width: 14rem;
  max-width: min(22rem, calc(100vw - 2rem)); padding: 0.75rem 1rem; background: var(--card);
  border: 1px solid var(--line); border-radius: 0.6rem; box-shadow: 0 0.5rem 1.5rem rgb(0 0 0 / 0.2);
}
.menu p { display: grid; margin: 0; padding-bottom: 0.6rem; overflow-wrap: anywhere; }
.menu ul { margin: 0 0 0.6rem; padding: 0.25rem 0; border-block: 1px solid var(--line); list-style: none; }
.menu a { display: flex; align-items: center; min-height: 2.75rem; }
.menu button { width: 100%; min-height: 2.75rem; }
.navigation, .navigation ul { display: flex; flex-wrap: wrap; gap: 0 0.25rem; }
.navigation { padding-inline: 0.75rem; }
.navigation ul { margin: 0; padding: 0; list-style: none; }
.navigation ul + ul { position: relative; margin-left: 0.5rem; padding-left: 0.75rem; }
.navigation ul + ul::before {
  content: ""; position: absolute; left: 0; top: 0.75rem; bottom: 0.9rem; border-left: 1px solid var(--line);
}
.navigation a {
  display: flex; align-items: center; min-height: 2.75rem; padding: 0 0.6rem; color: var(--muted);
  border-bottom: 3px solid transparent; text-decoration: none; white-space: nowrap;
}
.navigation a:hover { color: var(--text); border-color: var(--edge); }
.navigation a[aria-current] { color: var(--text); border-color: var(--accent); font-weight: 650; }
.breadcrumbs { margin: 1.25rem 0 0; font-size: 0.9rem; }
.breadcrumbs ol { display: flex; flex-wrap: wrap; margin: 0; padding: 0; list-style: none; }
.breadcrumbs li { min-width: 0; overflow-wrap: anywhere; color: var(--muted); }
.breadcrumbs li + li::before { content: "/"; padding: 0 0.5rem; color: var(--muted); }
.breadcrumbs a, .breadcrumbs span { display: inline-block; padding: 0.25rem 0; }
main {
  max-width: 27rem; margin: 1.5rem auto 3rem; padding: 2rem; background: var(--card);
  border: 1px solid var(--line); border-radius: 0.9rem;
}
main.wide { max-width: 37rem; }
.dashboard main { max-width: none; margin: 0; padding: 1.25rem 0 4rem; background: none; border: 0; border-radius: 0; }
.breadcrumbs + main { padding-top: 0.5rem; }
.dashboard main > :is(p, form, dl, ul:not(.logins), .summary, .alert, .warning, .command, pre),
.dashboard main section > :is(p, form, dl, ul:not(.logins)) { max-width: 44rem; }
.dashboard main .search { max-width: none; }
.heading { display: flex; flex-wrap: wrap; align-items: start; justify-content: space-between; gap: 0.75rem 2rem; margin-bottom: 1.25rem; }
.heading > div:first-child { flex: 1 1 20rem; min-width: 0; }
.heading h1 { margin-bottom: 0.25rem; overflow-wrap: anywhere; }
.heading.section { align-items: center; margin: 1.75rem 0 0.5rem; }
.heading.section h2 { flex: 1 1 auto; margin: 0; }
.lead { max-width: 44rem; margin: 0; color: var(--muted); }
.actions { display: flex; flex-wrap: wrap; gap: 0.5rem 0.75rem; }
.dashboard .button, .dashboard button:not(.link) { min-height: 2.75rem; padding-inline: 1.1rem; }
.dashboard main .main { width: auto; min-width: 10rem; }
.dashboard .choice { display: flex; flex-wrap: wrap; }
.dashboard .choice > * { width: auto; }
.dashboard .choice > .button, .dashboard .choice button { padding-inline: 1.25rem; }
@media (max-width: 40rem) {
  .bar, .dashboard #content { padding-inline: 1rem; }
  .bar { min-height: 3.25rem; }
  .navigation { padding-inline: 0.4rem; }
  .navigation ul { width: 100%; }
  .navigation ul + ul { margin: 0; padding: 0; border-top: 1px solid var(--line); }
  .navigation ul + ul::before { content: none; }
  .account-email { position: absolute; width: 1px; height: 1px; clip-path: inset(50%); }
  .focused main, .focused main.wide { margin: 0.5rem auto 2rem; padding: 1.5rem 1.25rem; max-width: calc(100% - 1.5rem); }
  .heading .actions > *, .dashboard main .main, .dashboard .choice > * { flex: 1 1 auto; width: 100%; }
}
.providers { display: grid; gap: 0.75rem; margin-bottom: 1.5rem; padding-bottom: 1.5rem; border-bottom: 1px solid var(--line); }
.providers button { width: 100%; }
h1 { margin: 0 0 0.75rem; font-size: 1.45rem; line-height: 1.25; font-weight: 650; text-wrap: balance; }
h2 { margin: 1.75rem 0 0.5rem; font-size: 1rem; font-weight: 650; }
p, ul, dl { margin: 0 0 1rem; }
main > :last-child { margin-bottom: 0; }
a { color: var(--accent); text-underline-offset: 0.15em; }
code, .code { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
code { overflow-wrap: anywhere; }
bdi { overflow-wrap: anywhere; }
.muted { color: var(--muted); }
.small { font-size: 0.9rem; }
.hidden {
  position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden;
  clip-path: inset(50%); white-space: nowrap;
}
label { display: block; margin: 0 0 0.3rem; font-weight: 600; }
.hint { margin: 0.35rem 0 0; color: var(--muted); font-size: 0.9rem; }
.field { margin: 0 0 1.1rem; }
input:not([type="hidden"], [type="checkbox"], [type="radio"]), select, textarea {
  display: block; width: 100%; min-height: 2.9rem; padding: 0.5rem 0.75rem; font: inherit;
  color: var(--text); background: var(--card); border: 1px solid var(--edge); border-radius: 0.5rem;
}
textarea { min-height: 5rem; }
.check { display: flex; gap: 0.6rem; align-items: center; min-height: 2.75rem; font-weight: 400; }
.check input { width: 1.25rem; height: 1.25rem; flex: none; }
[aria-invalid="true"]:is(input, select, textarea) { border-color: var(--danger); border-width: 2px; }
.user-code input {
  min-height: 3.75rem; padding: 0.5rem 0.25rem; font-size: clamp(1.4rem, 7vw, 1.9rem);
  font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  text-align: center; letter-spacing: 0.14em; text-transform: uppercase;
}
.user-code input::placeholder { color: var(--muted); opacity: 0.55; }
.button, button {
  display: inline-flex; align-items: center; justify-content: center; min-height: 2.9rem;
  padding: 0.5rem 1.4rem; font: inherit; font-weight: 600; text-decoration: none; cursor: pointer;
  color: var(--text); background: transparent; border: 1px solid var(--edge); border-radius: 0.5rem;
}
.main { width: 100%; color: var(--accent-text); background: var(--accent); border-color: var(--accent); }
.full { width: 100%; }
.or { margin: 1rem 0; color: var(--muted); text-align: center; }
.error:empty { margin: 0; }
.primary { color: var(--accent-text); background: var(--accent); border-color: var(--accent); }
.caution { color: var(--danger); border-color: var(--danger-line); }
.danger { color: var(--danger-text); background: var(--danger); border-color: var(--danger); }
.button:hover, button:hover { filter: brightness(0.94); }
button:not(.main, .primary, .danger, .link):hover { background: var(--ground); filter: none; }
.link {
  flex: none; min-height: 2.75rem; padding: 0 0.25rem; border: 0; color: var(--accent);
  font-weight: 500; font-size: 0.9rem; text-decoration: underline; text-underline-offset: 0.15em;
}
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.choice { display: grid; grid-template-columns: 1fr 1fr; gap: 0.75rem; margin-top: 1.5rem; }
.choice > * { width: 100%; padding-inline: 0.5rem; text-align: center; }
.choice > form { padding: 0; }
.choice > form button { width: 100%; }
.problem, .warning, .alert { padding: 0.75rem 1rem; border: 1px solid; border-radius: 0.5rem; }
.problem, .alert { background: var(--danger-ground); border-color: var(--danger-line); }
.warning { background: var(--warning-ground); border-color: var(--warning-line); }
.alert { border-width: 2px; border-color: var(--danger); }
.notice {
  display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 0 1rem;
  width: calc(100% - 1.5rem); max-width: 37rem; margin: 0.5rem auto; padding: 0.75rem 1rem;
  color: var(--text); background: var(--card); border: 1px solid var(--good); border-left-width: 6px;
  border-radius: 0.5rem;
}
.dashboard .notice { width: auto; max-width: none; margin: 1.25rem 0 0; }
.notice.failed { border-color: var(--danger); }
.notice p { margin: 0; min-width: 0; }
.notice p::before { content: "✓" / ""; margin-right: 0.6rem; color: var(--good); font-weight: 700; }
.notice.failed p::before { content: "!" / ""; color: var(--danger); }
.summary { margin: 0 0 1.25rem; }
.summary h2 { margin: 0 0 0.25rem; }
.summary ul { margin: 0; padding-left: 1.25rem; }
.summary a { color: inherit; overflow-wrap: anywhere; }
.below { margin: 1.25rem 0 0; }
.below a { display: inline-flex; align-items: center; min-height: 2.75rem; }
.error { margin: 0.35rem 0 0; color: var(--danger); font-weight: 600; overflow-wrap: anywhere; }
.alert > :last-child, .warning > :last-child { margin-bottom: 0; }
.alert strong { color: var(--danger); }
dl { border: 1px solid var(--line); border-radius: 0.5rem; }
dl > div { display: grid; grid-template-columns: 9.5rem 1fr; gap: 0 1rem; padding: 0.6rem 1rem; }
dl > div + div { border-top: 1px solid var(--line); }
dt { color: var(--muted); }
dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
@media (max-width: 40rem) { dl > div { grid-template-columns: 1fr; } }
.differs { font-weight: 650; color: var(--danger); }
.scopes { padding-left: 1.25rem; }
dd .scopes { margin: 0; }
.shown-code {
  display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 0 1rem;
  padding: 0.6rem 1rem; background: var(--ground); border-radius: 0.5rem;
}
.shown-code .code { font-size: 1.35rem; letter-spacing: 0.1em; white-space: nowrap; }
.command { padding: 0.6rem 1rem; background: var(--ground); border-radius: 0.5rem; font-size: 0.9rem; }
.command span { display: inline-block; overflow-wrap: anywhere; }
.logins { list-style: none; padding: 0; border: 1px solid var(--line); border-radius: 0.5rem; }
.logins li { display: flex; align-items: center; justify-content: space-between; gap: 1rem; padding: 0.75rem 1rem; }
.logins li + li { border-top: 1px solid var(--line); }
.logins div { min-width: 0; }
.logins button { white-space: nowrap; }
.logins p { margin: 0; }
.operation + .operation { border-top: 1px solid var(--line); padding-top: 1rem; }
.operation h2 { margin-top: 0.5rem; }
main nav code { display: inline-block; }
pre.command { margin: 0 0 1rem; white-space: pre-wrap; overflow-wrap: anywhere; }
h3 { margin: 1rem 0 0.35rem; font-size: 0.9rem; font-weight: 650; }
.fields { padding-left: 1.25rem; font-size: 0.9rem; }
.fields .fields { margin: 0; font-size: 1em; }
summary { min-height: 2.75rem; align-content: center; cursor: pointer; font-weight: 600; }
.scope-row { display: grid; grid-template-columns: 1fr 2fr; gap: 0.5rem 1rem; padding: 0.75rem 0; border-top: 1px solid var(--line); }
@media (max-width: 40rem) { .scope-row { grid-template-columns: 1fr; } }
fieldset { margin: 0 0 1.1rem; padding: 0; border: 0; min-width: 0; }
legend { margin: 0 0 0.3rem; padding: 0; font-weight: 600; }
.form:not(:has(option[value="until"]:checked)) .until { display: none; }
.form:not(:has(#scope_limit option[value="selected"]:checked)) .selected-scopes { display: none; }
.form:not(:has(#resource_limit option[value="selected"]:checked)) .selected-resources { display: none; }
.form:not(:has(input[name="grant:device"]:checked)) .device-flow:not(:has([aria-invalid])) { display: none; }
.form:not(:has(input[name="grant:code"]:checked)) .redirects:not(:has([aria-invalid])) { display: none; }
.search { display: flex; flex-wrap: wrap; gap: 0.75rem; align-items: end; margin: 0 0 1rem; }
.search div { flex: 1 1 12rem; }
.dashboard main .search.fields-grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 13rem), 1fr)); align-items: start; max-width: none; }
@media (min-width: 64rem) { .data .event { white-space: nowrap; } }
.fields-grid .field { margin: 0; min-width: 0; }
.fields-grid > .buttons { display: flex; flex-wrap: wrap; align-items: center; gap: 0 1rem; grid-column: 1 / -1; }
.fields-grid > .buttons a { display: inline-flex; align-items: center; min-height: 2.75rem; }
.soon { font-weight: 650; color: var(--danger); }
.acts { display: flex; flex: none; flex-wrap: wrap; gap: 0 1rem; }
.acts a, .pages a { display: inline-flex; align-items: center; min-height: 2.75rem; }
.pages, .pages span { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 0 1.25rem; }
.pages span { margin-left: auto; }
.secret { position: relative; }
.secret input { position: absolute; inset: 0; height: 100%; color: transparent; forced-color-adjust: none; }
.secret input::selection { color: transparent; background: transparent; }
.secret span {
  position: relative; display: block; padding: 0.6rem 0.75rem; border: 1px solid var(--edge);
  border-radius: 0.5rem; background: var(--ground); word-break: break-all; cursor: pointer;
  -webkit-user-select: all; user-select: all;
}
.secret input:focus + span { color: var(--accent-text); background: var(--accent); }
.copy { display: flex; flex-wrap: wrap; gap: 0.75rem; align-items: center; margin-top: 0.6rem; }
button[hidden] { display: none; }
#copied { font-weight: 600; }
.ask { display: flex; flex-wrap: wrap; gap: 0.75rem; align-items: center; margin-top: 1.5rem; }
@media (max-width: 40rem) {
  .logins li { flex-direction: column; align-items: stretch; gap: 0.5rem; }
  .tokens li { gap: 0; }
}
.counts { display: grid; grid-template-columns: repeat(auto-fit, minmax(6rem, 1fr)); gap: 0.75rem; padding: 0; list-style: none; }
.dashboard main section > .counts { max-width: none; }
.counts a {
  display: grid; padding: 0.75rem 1rem; color: var(--text); border: 1px solid var(--line);
  border-radius: 0.6rem; text-decoration: none;
}
.counts a:hover { background: var(--ground); border-color: var(--edge); }
.counts strong { font-size: 1.5rem; line-height: 1.2; }
.counts span { color: var(--muted); font-size: 0.9rem; }
.attention { padding: 0.75rem 1rem; background: var(--warning-ground); border: 1px solid var(--warning-line); border-radius: 0.6rem; list-style: none; }
.attention li + li { margin-top: 0.35rem; }
.toolbar { display: flex; flex-wrap: wrap; align-items: end; justify-content: space-between; gap: 0.25rem 1.5rem; margin-bottom: 1rem; }
.toolbar .search { flex: 0 1 24rem; margin: 0; flex-wrap: nowrap; }
.toolbar .search div { flex-basis: 8rem; min-width: 0; }
.toolbar .search input { min-height: 2.75rem; }
.dashboard main .search.filtered { display: grid; grid-template-columns: minmax(12rem, 1fr) repeat(3, minmax(max-content, 11rem)) auto; max-width: none; }
.search.filtered > div { min-width: 0; }
.search.filtered button { justify-self: start; }
@media (max-width: 52rem) { .dashboard main .search.filtered { grid-template-columns: repeat(auto-fit, minmax(min(100%, 11rem), 1fr)); } .search.filtered > div:first-child { grid-column: 1 / -1; } }
.filters { display: flex; flex-wrap: wrap; gap: 0 0.25rem; }
.filters a {
  display: inline-flex; align-items: center; min-height: 2.75rem; padding: 0 0.75rem;
  color: var(--muted); border-radius: 0.5rem; text-decoration: none;
}
.filters a:hover { color: var(--text); background: var(--ground); }
.filters a[aria-current] { color: var(--text); background: var(--ground); font-weight: 650; }
.data { width: 100%; margin: 0 0 1rem; border: 1px solid var(--line); border-spacing: 0; border-radius: 0.6rem; }
.data th, .data td { padding: 0.65rem 1rem; text-align: left; vertical-align: middle; overflow-wrap: anywhere; }
.data thead th { color: var(--muted); font-size: 0.85rem; font-weight: 600; white-space: nowrap; }
.data tbody :is(th, td) { border-top: 1px solid var(--line); }
.data tbody th { font-weight: 400; }
.data .actions { display: table-cell; width: 1%; text-align: right; white-space: nowrap; }
.data .actions > * + * { margin-left: 0.5rem; }
.warning + p { margin-top: 1.25rem; }
.data thead a { color: inherit; text-decoration: none; }
.data thead a:hover, .data thead [aria-sort] a { color: var(--text); text-decoration: underline; }
.sort, .data thead .narrow { display: none; }
.data td > .address:only-child { display: inline-block; min-width: 7.5rem; }
.data .soon { white-space: nowrap; }
.data .details td { padding-top: 0; border-top: 0; }
.narrow-tokens { margin: 0; padding: 0.15rem 0 0.15rem 1rem; border-left: 3px solid var(--line); list-style: none; }
.narrow-tokens li { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 0.25rem 1rem; min-height: 2.75rem; padding: 0.25rem 0; }
.narrow-tokens li > span:first-child { flex: 1 1 14rem; min-width: 0; }
.data p { margin: 0; }
.data form { display: inline-block; margin: 0; }
.data td:not(.actions) { font-size: 0.9rem; }
.data .button, .data button:not(.link) { min-height: 2.25rem; padding: 0.2rem 0.9rem; font-size: 0.9rem; }
.badge {
  display: inline-block; margin-block: 0.15rem; padding: 0 0.6rem; border: 1px solid var(--edge); border-radius: 1rem;
  font-size: 0.85rem; font-weight: 600; white-space: nowrap;
}
.badge.good { color: var(--good); border-color: var(--good); }
.badge.bad { color: var(--danger); border-color: var(--danger); }
.badge.warning { background: var(--warning-ground); border-color: var(--warning-line); }
.badge.neutral { color: var(--muted); }
.empty { margin: 0 0 1rem; padding: 1.75rem 1.25rem; border: 1px dashed var(--edge); border-radius: 0.6rem; }
.empty > * { max-width: 44rem; }
.empty > :last-child { margin-bottom: 0; }
.empty-title { margin-bottom: 0.35rem; font-weight: 650; }
@media (max-width: 40rem) { .filters a { padding: 0 0.5rem; font-size: 0.9rem; } }
@media (max-width: 52rem) {
  .data, .data tbody, .data tr, .data tbody :is(th, td) { display: block; }
  .data { border: 0; }
  .data .soon { white-space: normal; }
  .data tr:has(+ .details) { border-bottom: 0; border-radius: 0.6rem 0.6rem 0 0; }
  .data .narrow-tokens button:not(.link) { min-height: 2.75rem; }
  .data .details { margin-top: -0.75rem; border-top: 0; border-radius: 0 0 0.6rem 0.6rem; }
  .data tbody { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); gap: 0.75rem; }
  .data thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .data thead a { display: none; }
  .data thead .narrow { display: inline; }
  .sort { display: flex; flex-wrap: wrap; align-items: center; gap: 0 1rem; margin-bottom: 0.5rem; color: var(--muted); }
  .sort a { display: inline-flex; align-items: center; min-height: 2.75rem; gap: 0.25rem; }
  .sort a[aria-current] { color: var(--text); font-weight: 650; }
  .data tr { padding: 0.5rem 1rem; border: 1px solid var(--line); border-radius: 0.6rem; }
  .data tbody :is(th, td) { padding: 0.25rem 0; border: 0; }
  .data tbody th { font-size: 1rem; }
  .data tbody td[data-label] { position: relative; min-height: 2rem; padding-left: 8.25rem; }
  .data td[data-label]::before { content: attr(data-label); position: absolute; left: 0; width: 7.75rem; color: var(--muted); }
  .data td:empty { display: none; }
  .data .actions { display: flex; flex-wrap: wrap; gap: 0.5rem; width: auto; padding-top: 0.5rem; white-space: normal; }
  .data .actions > *, .data .actions > * + * { flex: 1 1 0; margin: 0; }
  .data .actions form button { width: 100%; }
  .data .actions :is(.button, button) { min-height: 2.75rem; }
}
.steps { display: flex; flex-wrap: wrap; gap: 0 1.5rem; margin: 0 0 1.25rem; padding: 0; list-style: none; }
.steps li { color: var(--muted); border-bottom: 3px solid transparent; }
.steps li[aria-current] { color: var(--text); border-color: var(--accent); font-weight: 650; }
.steps a, .steps span { display: inline-flex; align-items: center; min-height: 2.75rem; }
.preview, .result { max-width: 44rem; margin: 0 0 1.5rem; padding: 1rem 1.25rem; border: 1px solid var(--line); border-radius: 0.6rem; background: var(--ground); }
.preview > :last-child, .result > :last-child { margin-bottom: 0; }
.result { border-left-width: 6px; background: none; }
.result.good { border-color: var(--good); }
.result.bad { border-color: var(--danger); }
.result h2 { margin-top: 0; }
.choices { display: grid; grid-template-columns: repeat(auto-fill, minmax(16rem, 1fr)); gap: 0.75rem; padding: 0; list-style: none; }
.dashboard main > .choices { max-width: none; }
.choices a {
  display: grid; align-content: center; height: 100%; min-height: 4.25rem; padding: 0.6rem 1rem; color: var(--text);
  border: 1px solid var(--edge); border-radius: 0.6rem; font-weight: 600; text-decoration: none;
}
.choices a:hover { border-color: var(--accent); background: var(--ground); }
.choices .small { font-weight: 400; overflow-wrap: anywhere; }
details > :last-child { margin-bottom: 1rem; }
.qr { display: block; width: 12.5rem; height: 12.5rem; background: #fff; border-radius: 0.5rem; }
.recovery-codes { display: grid; grid-template-columns: repeat(auto-fill, minmax(14rem, 1fr)); gap: 0.25rem 1.5rem; max-width: 32rem; padding-left: 2rem; }
.mark {
  display: flex; align-items: center; justify-content: center; width: 3rem; height: 3rem;
  margin-bottom: 1rem; border: 2px solid currentColor; border-radius: 50%; font-size: 1.5rem;
}
.mark.good { color: var(--good); }
.mark.bad { color: var(--danger); }
@media (forced-colors: active) { .main, .danger { border: 2px solid; } }
`,
);
