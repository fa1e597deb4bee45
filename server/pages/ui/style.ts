import { createHash } from "node:crypto";
import { brand } from "../../../shared/brand.ts";

const { accent, accentText } = brand.colors;

/** The one style sheet. Text has a contrast of 4.5 and more in both themes, edges of 3. */
export const style = `
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
html { color-scheme: light dark; -webkit-text-size-adjust: 100%; }
body {
  margin: 0; min-height: 100vh; background: var(--ground); color: var(--text);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
header {
  display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between;
  gap: 0.25rem 1rem; max-width: 60rem; margin: 0 auto; padding: 1rem 1.25rem;
}
.brand {
  display: inline-flex; align-items: center; gap: 0.6rem; min-height: 2.75rem;
  color: var(--text); font-weight: 650; text-decoration: none;
}
.account { display: flex; align-items: center; gap: 0.25rem 1rem; min-width: 0; }
.signed-in-user { color: var(--muted); font-size: 0.9rem; min-width: 0; overflow-wrap: anywhere; }
main {
  max-width: 27rem; margin: 1.5rem auto 3rem; padding: 2rem; background: var(--card);
  border: 1px solid var(--line); border-radius: 0.9rem;
}
main.wide { max-width: 37rem; }
@media (max-width: 40rem) {
  header { padding: 0.5rem 1rem; }
  main, main.wide { margin: 0.5rem auto 2rem; padding: 1.5rem 1.25rem; max-width: calc(100% - 1.5rem); }
}
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
input:not([type="hidden"], [type="checkbox"]), select, textarea {
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
.danger { color: var(--danger-text); background: var(--danger); border-color: var(--danger); }
.button:hover, button:hover { filter: brightness(0.94); }
button:not(.main, .danger, .link):hover { background: var(--ground); filter: none; }
.link {
  flex: none; min-height: 2.75rem; padding: 0 0.25rem; border: 0; color: var(--accent);
  font-weight: 500; font-size: 0.9rem; text-decoration: underline; text-underline-offset: 0.15em;
}
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.choice { display: grid; grid-template-columns: 1fr 1fr; gap: 0.75rem; margin-top: 1.5rem; }
.choice > * { width: 100%; padding-inline: 0.5rem; text-align: center; }
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
.notice p { margin: 0; min-width: 0; }
.summary { margin: 0 0 1.25rem; }
.summary h2 { margin: 0 0 0.25rem; }
.summary ul { margin: 0; padding-left: 1.25rem; }
.summary a { color: inherit; overflow-wrap: anywhere; }
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
fieldset { margin: 0 0 1.1rem; padding: 0; border: 0; min-width: 0; }
legend { margin: 0 0 0.3rem; padding: 0; font-weight: 600; }
.form:not(:has(option[value="until"]:checked)) .until { display: none; }
.search { display: flex; flex-wrap: wrap; gap: 0.75rem; align-items: end; margin: 0 0 1rem; }
.search div { flex: 1 1 12rem; }
.soon { font-weight: 650; color: var(--danger); }
.acts { display: flex; flex: none; flex-wrap: wrap; gap: 0 1rem; }
.acts a, .pages a { display: inline-flex; align-items: center; min-height: 2.75rem; }
.pages, .pages span { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1.25rem; }
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
.mark {
  display: flex; align-items: center; justify-content: center; width: 3rem; height: 3rem;
  margin-bottom: 1rem; border: 2px solid currentColor; border-radius: 50%; font-size: 1.5rem;
}
.mark.good { color: var(--good); }
.mark.bad { color: var(--danger); }
@media (forced-colors: active) { .main, .danger { border: 2px solid; } }
`;

/** Names the style sheet in the Content-Security-Policy. */
export const styleHash = `sha256-${createHash("sha256").update(style).digest("base64")}`;
