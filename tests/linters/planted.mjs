/** Proves that the linters refuse what is too young, and nothing else: each planted line is read alone. */

import { ESLint } from "eslint";

const YOUNG = {
  "static/planted.js": [
    'fetch("/", { signal: AbortSignal.timeout(5) });',
    "AbortSignal.any([]);",
    "[1].toSorted();",
    "[1].findLast((one) => one);",
    "structuredClone({});",
    "Object.groupBy([], (one) => one);",
    "Promise.withResolvers();",
    "Array.fromAsync([]);",
    "new Set().union(new Set());",
    "new CompressionStream('gzip');",
    "new OffscreenCanvas(1, 1);",
    "navigator.wakeLock.request();",
    "document.body.showPopover();",
    "document.body.checkVisibility();",
    "document.startViewTransition(() => {});",
    "document.querySelector('form').requestSubmit();",
    "URL.canParse('x');",
    "/(?<=a)b/.test('x');",
    "/a/v.test('x');",
    "export class A { static { A.x = 1; } }",
    "await fetch('/');",
    "if (self.top) await fetch('/');",
    "for await (const one of []) fetch(one);",
    "import words from './words.json' with { type: 'json' };",
  ],
  "static/planted.css": [
    ".a { width: 10cqw; }",
    ".a { color: color-mix(in srgb, red, blue); }",
    ".a { color: oklch(50% 0.1 20); }",
    ".a { color: light-dark(red, blue); }",
    ".a { height: 10svh; }",
    ".a { height: 10dvh; }",
    ".a { translate: 1px; }",
    ".a { anchor-name: --x; }",
    ".a { overscroll-behavior: contain; }",
    ".a { container-type: inline-size; }",
    ".a { .b { top: 0; } }",
    ".a:has(b) { top: 0; }",
    ".a:user-invalid { top: 0; }",
    "@media (width >= 40rem) { a { top: 0; } }",
    "@media (400px <= width <= 700px) { a { top: 0; } }",
    "@container (min-width: 3px) { a { top: 0; } }",
    "@layer x { a { top: 0; } }",
    "@scope (.a) { b { top: 0; } }",
    "@starting-style { a { top: 0; } }",
  ],
  "templates/planted.html": [
    "<div popover></div>",
    "<button popovertarget='a'>{{ words }}</button>",
    "<div inert></div>",
    "<search></search>",
  ],
};
const OLD = {
  "static/planted.js": [
    "[1].at(-1);",
    "Object.hasOwn({}, 'a');",
    "navigator.vibrate?.(60);",
    "export class A { #x = 1; of(other) { return #x in other; } }",
    "let a = null; a ??= 1; a?.b;",
    "export const a = async () => await fetch('/');",
    "export class A { async of() { for await (const one of []) await fetch(one); } }",
    "document.body.replaceChildren();",
  ],
  "static/planted.css": [
    ".a { inset: 0; aspect-ratio: 3 / 4; }",
    ".a:focus-visible { outline: none; }",
    ".a { height: 100vh; height: 100dvh; }",
    "@supports selector(:has(*)) { .a:has(b) { top: 0; } }",
    "@media (min-width: 40rem) { a { top: 0; } }",
  ],
  "templates/planted.html": ["<dialog></dialog>", "<video muted playsinline></video>", "<p hidden>{{ words }}</p>"],
};

const linter = new ESLint();
let wrong = 0;
for (const [planted, refused] of [
  [YOUNG, true],
  [OLD, false],
]) {
  for (const [filePath, lines] of Object.entries(planted)) {
    for (const line of lines) {
      const [{ errorCount }] = await linter.lintText(line, { filePath });
      if (errorCount > 0 === refused) continue;
      console.log(`${refused ? "not refused" : "refused"}: ${line}`);
      wrong += 1;
    }
  }
}
process.exitCode = wrong ? 1 : 0;
