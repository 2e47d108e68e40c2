// Held here: no feature younger than the oldest browsers that the pages work in, unless there is a way without it.
// Style and faults are Biome's.

import css from "@eslint/css";
import parser from "@html-eslint/parser";
import { markup, scripts, styles } from "./tests/linters/floor.mjs";

const floor = { rules: { scripts, styles, markup } };

export default [
  { ignores: ["!static/**", "build/**", "var/**", "node_modules/**", ".venv/**"] },
  {
    files: ["static/**/*.js", "kyc_portal/**/*.js"],
    plugins: { floor },
    // The parser refuses younger syntax.
    languageOptions: { ecmaVersion: 2022, sourceType: "module" },
    rules: { "floor/scripts": ["error", ["chunks", "drop", "take"]] },
  },
  {
    files: ["static/**/*.css", "kyc_portal/**/*.css"],
    plugins: { css, floor },
    language: "css/css",
    rules: {
      "floor/styles": "error",
      "css/use-baseline": [
        "error",
        {
          available: 2021,
          // The floor has them, although they became common later.
          allowSelectors: ["focus-visible", "marker"],
          allowMediaConditions: ["forced-colors", "prefers-contrast"],
          allowPropertyValues: { "overflow-wrap": ["anywhere"], "font-family": ["ui-monospace"] },
          allowProperties: [
            "accent-color",
            "appearance",
            "color-scheme",
            "contain",
            "mask",
            "outline",
            "paint-order",
            "scroll-behavior",
            // A browser without them shows the same page a little plainer.
            "forced-color-adjust",
            "print-color-adjust",
            "resize",
            "scrollbar-width",
            "text-size-adjust",
            "text-wrap",
            "user-select",
          ],
          allowFunctions: ["fit-content"],
          allowAtRules: ["page"],
          // After the same property with vh, as `floor/styles` sees to.
          allowUnits: ["dvh"],
        },
      ],
    },
  },
  {
    files: ["templates/**/*.html", "kyc_portal/**/*.html"],
    plugins: { floor },
    languageOptions: { parser, parserOptions: { templateEngineSyntax: { "{{": "}}", "{%": "%}", "{#": "#}" } } },
    rules: { "floor/markup": "error" },
  },
];
