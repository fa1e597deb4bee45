import assert from "node:assert/strict";
import { terminalSvg } from "../../../tasks/pictures/terminal_svg.ts";

const FRAMES = [
  { screen: "‹green›$‹/› login", seconds: 1 },
  { screen: '<Alice> & "Bob"\n‹bold green›done‹/›', seconds: 3 },
];

Deno.test("a recording shows its screens in turn, and the last to who wants no motion", () => {
  const svg = terminalSvg(FRAMES, { columns: 80, title: "A login" });
  assert.match(svg, /<g id="f0" class="frame">.*<tspan class="green">\$<\/tspan>/);
  assert.match(svg, /<g id="f1" class="last">.*<tspan class="bold green">done<\/tspan>/);
  assert.match(svg, /#f0\{animation:f0 4s /);
  assert.match(svg, /25%\{opacity:1\}/);
  assert.match(svg, /prefers-reduced-motion:reduce\)\{g\{animation:none/);
});

Deno.test("a recording escapes what is on the screen", () => {
  const svg = terminalSvg(FRAMES, { columns: 80, title: '"<script>"' });
  assert.ok(svg.includes("&lt;Alice> &amp; &quot;Bob&quot;"));
  assert.ok(!svg.includes("<script>"));
});
