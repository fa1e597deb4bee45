/** The style of the site, in the colors of the product. */
interface Colors {
  accent: { light: string; dark: string };
  accentText: { light: string; dark: string };
}

export function styleSheet({ accent, accentText }: Colors): string {
  const light = `color-scheme: light; --accent: ${accent.light}; --on-accent: ${accentText.light};
  --text: #1b2330; --quiet: #556173; --page: #ffffff; --soft: #f5f7fa; --line: #e1e5ec;
  --code: #f6f8fb; --diagram: #c3cad6;`;
  const dark = `color-scheme: dark; --accent: ${accent.dark}; --on-accent: ${accentText.dark};
  --text: #e4e9f1; --quiet: #a3aebd; --page: #0d1219; --soft: #151c26; --line: #273140;
  --code: #131a24; --diagram: #3d4a5d;`;
  return `:root { ${light} }
@media (prefers-color-scheme: dark) { :root { ${dark} } }
:root[data-theme="light"] { ${light} }
:root[data-theme="dark"] { ${dark} }
${RULES}`;
}

const RULES = `* { box-sizing: border-box }
html { scroll-padding-top: 5rem; -webkit-text-size-adjust: 100% }
body { margin: 0; background: var(--page); color: var(--text);
  font: 16px/1.65 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif }
a { color: var(--accent); text-decoration: none }
article a { text-decoration: underline; text-decoration-thickness: 1px; text-underline-offset: 3px }
a:hover { text-decoration: underline }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px }
main:focus { outline: none }
[hidden] { display: none !important }
.skip { position: absolute; left: -99rem }
.skip:focus { left: 1rem; top: .5rem; z-index: 9; background: var(--page); padding: .5rem 1rem }
.unseen { position: absolute; width: 1px; height: 1px; margin: 0; overflow: hidden; clip-path: inset(50%) }
header { position: sticky; top: 0; z-index: 5; display: flex; align-items: center; gap: .75rem;
  height: 4rem; padding: 0 1.5rem; background: var(--page); border-bottom: 1px solid var(--line) }
.brand { display: flex; align-items: center; gap: .55rem; font-weight: 700; font-size: 1.06rem;
  color: var(--text); margin-right: auto; white-space: nowrap }
.brand span:last-child { color: var(--quiet); font-weight: 400 }
.mark { width: 1.15rem; height: 1.15rem; border-radius: .35rem; background: var(--accent) }
header button { border: 1px solid var(--line); border-radius: .5rem; background: var(--soft);
  color: var(--text); font: inherit; font-size: .9rem; height: 2.25rem; padding: 0 .7rem; cursor: pointer }
#menu { display: none }
.search { position: relative; flex: 0 1 22rem; min-width: 0 }
.search input { width: 100%; height: 2.25rem; padding: 0 2.2rem 0 .8rem; border: 1px solid var(--line);
  border-radius: .5rem; background: var(--soft); color: var(--text); font: inherit; font-size: .92rem }
.search input::placeholder { color: var(--quiet); opacity: 1 }
.search kbd { position: absolute; right: .6rem; top: .5rem; font: .75rem/1.2rem ui-monospace, monospace;
  color: var(--quiet); border: 1px solid var(--line); border-radius: .25rem; padding: 0 .35rem }
.search input:focus + kbd { display: none }
#results { position: absolute; right: 0; top: 2.75rem; width: min(34rem, calc(100vw - 2rem));
  max-height: 75vh; overflow-y: auto; padding: .4rem; background: var(--page); color: var(--quiet);
  border: 1px solid var(--line); border-radius: .75rem; box-shadow: 0 12px 40px rgb(0 0 0 / .22) }
#results a { display: block; padding: .55rem .75rem; border-radius: .5rem; color: var(--text) }
#results a:hover, #results a:focus { background: var(--soft); text-decoration: none }
#results strong { font-weight: 600 }
#results em { font-style: normal; color: var(--quiet); font-size: .85rem; margin-left: .6rem }
#results span { display: block; color: var(--quiet); font-size: .87rem; line-height: 1.45 }
.columns { display: grid; grid-template-columns: 16.5rem minmax(0, 1fr) 15rem; max-width: 92rem; margin: 0 auto }
#navigation, .contents { position: sticky; top: 4rem; align-self: start; max-height: calc(100vh - 4rem);
  overflow-y: auto; padding: 1.5rem 1rem 3rem 1.5rem; font-size: .9rem; line-height: 1.4 }
.section { margin: 1.4rem 0 .35rem; font-weight: 600; color: var(--text); font-size: .85rem }
.section:first-child { margin-top: 0 }
#navigation ul, .contents ul { list-style: none; margin: 0; padding: 0 }
#navigation a { display: block; padding: .32rem .7rem; margin-left: -.7rem; border-radius: .4rem; color: var(--quiet) }
#navigation a:hover { color: var(--text); text-decoration: none; background: var(--soft) }
#navigation [aria-current] { color: var(--accent); background: var(--soft); font-weight: 600 }
.contents a { display: block; padding: .22rem 0; color: var(--quiet); overflow-wrap: anywhere }
.contents .depth-3 { padding-left: .8rem }
main { padding: 2.2rem 3rem 4rem; min-width: 0; border-left: 1px solid var(--line) }
article { max-width: 48rem; overflow-wrap: break-word }
h1 { font-size: 2.1rem; line-height: 1.2; letter-spacing: -.02em; margin: 0 0 1.1rem }
h2 { font-size: 1.42rem; line-height: 1.3; letter-spacing: -.01em; margin: 2.6rem 0 .8rem }
h3 { font-size: 1.1rem; margin: 2rem 0 .6rem }
.anchor { color: var(--quiet); text-decoration: none; font-weight: 400; opacity: 0; padding: 0 .2rem }
:is(h2, h3, h4):hover .anchor, .anchor:focus { opacity: 1 }
p, ul, ol { margin: .9rem 0 }
li { margin: .3rem 0 }
code { font: .875em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; background: var(--soft);
  border: 1px solid var(--line); border-radius: .3rem; padding: .08em .3em }
.code { position: relative; margin: 1.1rem 0 }
pre { margin: 0; overflow-x: auto; padding: 1rem 1.1rem; background: var(--code); border: 1px solid var(--line);
  border-radius: .65rem; font-size: .95rem }
pre code { background: none; border: 0; padding: 0; white-space: pre }
pre b { font-weight: 600; color: var(--accent) }
.code button { position: absolute; right: .5rem; top: .5rem; border: 1px solid var(--line); border-radius: .4rem;
  background: var(--page); color: var(--quiet); font: inherit; font-size: .78rem; padding: .12rem .55rem;
  cursor: pointer; opacity: 0 }
.code:hover button, .code button:focus-visible { opacity: 1 }
@media (hover: none) { .code button { opacity: 1 } }
.table { overflow-x: auto; margin: 1.2rem 0; border: 1px solid var(--line); border-radius: .65rem }
table { border-collapse: collapse; width: 100%; font-size: .9rem; line-height: 1.5 }
th, thead td { text-align: left; font-weight: 600; background: var(--soft) }
th, td { padding: .55rem .85rem; border-bottom: 1px solid var(--line); vertical-align: top; min-width: 7rem;
  overflow-wrap: normal }
tbody tr:last-child td { border-bottom: 0 }
.wide :is(th, td):first-child { position: sticky; left: 0; border-right: 1px solid var(--line) }
.wide tbody td:first-child { background: var(--page) }
td code { white-space: nowrap }
blockquote { margin: 1rem 0; padding: .1rem 1rem; border-left: 3px solid var(--accent); color: var(--quiet) }
img { max-width: 100%; height: auto; border: 1px solid var(--line); border-radius: .65rem }
.check { display: inline-block; width: .85rem; height: .85rem; border: 1.5px solid var(--quiet);
  border-radius: .22rem; margin-right: .35rem; vertical-align: -.08rem }
li:has(> .check), li:has(> p > .check) { list-style: none; margin-left: -1.2rem }
.diagram { display: block; overflow-x: auto }
.diagram svg { display: block; width: 100%; min-width: 34rem; height: auto }
.diagram .card { fill: var(--soft); stroke: var(--line) }
.diagram .box { fill: var(--page); stroke: var(--diagram) }
.diagram .main { fill: var(--accent); stroke: var(--accent) }
.diagram text { font-family: inherit; font-size: 13px; fill: var(--quiet) }
.diagram .t { font-size: 15px; font-weight: 600; fill: var(--text) }
.diagram .m { fill: var(--on-accent) }
.diagram .a { stroke: var(--quiet); stroke-width: 1.5; fill: none }
.diagram .h { fill: var(--quiet) }
.diagram .l { stroke: var(--diagram); stroke-dasharray: 4 4 }
.neighbors { display: flex; gap: 1rem; max-width: 48rem; margin-top: 3.5rem }
.neighbors a { flex: 1; padding: .8rem 1.1rem; border: 1px solid var(--line); border-radius: .65rem; font-weight: 600 }
.neighbors a:hover { border-color: var(--accent); text-decoration: none }
.neighbors span { display: block; color: var(--quiet); font-size: .82rem; font-weight: 400 }
.neighbors .next { text-align: right }
footer { max-width: 48rem; margin-top: 2rem; padding-top: 1rem; border-top: 1px solid var(--line); font-size: .88rem }
footer a { margin-right: 1.2rem }
@media (max-width: 75rem) {
  .columns { grid-template-columns: 15.5rem minmax(0, 1fr) }
  .contents { display: none }
  main { padding: 2rem 2rem 4rem }
}
@media (max-width: 52rem) {
  header { padding: 0 1rem; gap: .5rem }
  .columns { display: block }
  #navigation { position: static; max-height: none; border-bottom: 1px solid var(--line) }
  .scripted #navigation { display: none }
  .scripted.menu-open #navigation { display: block }
  #menu { display: block }
  .brand span:last-child, .search kbd { display: none }
  .search input { padding-right: .5rem }
  #results { position: fixed; left: 1rem; right: 1rem; top: 4.2rem; width: auto }
  main { border: 0; padding: 1.5rem 1rem 3rem }
  h1 { font-size: 1.75rem }
  .neighbors { flex-direction: column }
}
@media print { header, #navigation, .contents, .neighbors, footer { display: none } .columns { display: block } }
`;
