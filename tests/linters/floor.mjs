/**
 * ESLint rules for the oldest browsers that the pages work in, by the compatibility data of MDN.
 *
 * A member of an object is judged by its name alone, because JavaScript has no types: it is refused if interfaces have a
 * member of this name, and none has it in all these browsers.
 */

import data from "@mdn/browser-compat-data" with { type: "json" };

const FLOOR = {
  safari_ios: 15.4,
  chrome_android: 100,
  chrome: 100,
  samsunginternet_android: 17,
  firefox: 115,
  firefox_android: 115,
};

/** Whether one statement of a browser says that this version has the feature as the standard names it. */
const covers = (statement, version) =>
  !statement.flags &&
  !statement.prefix &&
  !statement.alternative_name &&
  typeof statement.version_added === "string" &&
  Number.parseFloat(statement.version_added.replace("≤", "")) <= version;

/** Whether all browsers of the floor have the feature. @param {any} feature a node of the data */
function isOld(feature) {
  const support = feature?.__compat?.support;
  if (!support) return true;
  return Object.entries(FLOOR).every(([browser, version]) =>
    [support[browser] ?? []].flat().some((statement) => covers(statement, version)),
  );
}

const interfaces = { ...data.api, ...data.javascript.builtins };
/**
 * By the name of a member, whether some interface has it in all browsers. An interface that is itself younger does not
 * count: whatever leads to it is refused. @type {Map<string, boolean>}
 */
const members = new Map();
for (const parts of Object.values(interfaces).filter(isOld)) {
  for (const [key, feature] of Object.entries(parts)) {
    if (!feature.__compat || /_(event|static)$/.test(key)) continue;
    members.set(key, members.get(key) || isOld(feature));
  }
}

/** `a.b?.()` and `typeof a.b` ask first. */
const asksFirst = (node) =>
  (node.parent.type === "CallExpression" && node.parent.callee === node && node.parent.optional) ||
  (node.parent.type === "UnaryExpression" && node.parent.operator === "typeof") ||
  (node.parent.type === "MemberExpression" && node.parent.object === node && node.parent.optional);

function oldMember(node) {
  const { name } = node.property;
  if (node.object.property?.name === "dataset") return true;
  const owner = node.object.type === "Identifier" ? interfaces[node.object.name] : undefined;
  const own = owner?.[`${name}_static`] ?? owner?.[name];
  return own ? isOld(own) : members.get(name) !== false;
}

const younger = { young: "{{name}} is younger than the oldest browsers that the pages work in: see tests/linters." };

/** Its option: the names of members of the pages' own objects. */
export const scripts = {
  meta: {
    messages: { ...younger, waits: "A module must not wait while it loads: put the await into a function." },
    schema: [{ type: "array" }],
  },
  create: (context) => ({
    MemberExpression(node) {
      if (node.computed || node.property.type !== "Identifier" || oldMember(node) || asksFirst(node)) return;
      if (context.options[0]?.includes(node.property.name)) return;
      context.report({ node, messageId: "young", data: { name: context.sourceCode.getText(node) } });
    },
    "Program:exit"(node) {
      for (const { identifier } of context.sourceCode.getScope(node).through) {
        const { name } = identifier;
        if (!Object.hasOwn(interfaces, name) || isOld(interfaces[name]) || asksFirst(identifier)) continue;
        context.report({ node: identifier, messageId: "young", data: { name } });
      }
    },
    // Outside a function: Safari runs such modules out of order, and joined modules (ADR 26) are functions themselves.
    "AwaitExpression:not(:function AwaitExpression)": (node) => context.report({ node, messageId: "waits" }),
    "ForOfStatement[await=true]:not(:function ForOfStatement)": (node) =>
      context.report({ node, messageId: "waits" }),
    // Younger than what the parser is told to read, or not refused by it.
    StaticBlock: (node) => context.report({ node, messageId: "young", data: { name: "static { }" } }),
    "Literal[regex]"(node) {
      if (/\(\?<[=!]/.test(node.regex.pattern))
        context.report({ node, messageId: "young", data: { name: "Lookbehind" } });
    },
  }),
};

/** Whether the declaration has a unit that a browser of the floor ignores, without the same property before it. */
function needsFallback(context, declaration, before) {
  if (!/\ddvh/.test(context.sourceCode.getText(declaration))) return false;
  return before?.type !== "Declaration" || before.property !== declaration.property;
}

/** What `css/use-baseline` does not look at. */
export const styles = {
  meta: { messages: younger, schema: [], languages: ["css/css"] },
  create: (context) => ({
    Block({ children }) {
      for (const [index, node] of children.entries()) {
        if (node.type === "Declaration" && needsFallback(context, node, children[index - 1]))
          context.report({ node, messageId: "young", data: { name: "dvh without a line with vh before it" } });
      }
    },
    FeatureRange: (node) => context.report({ node, messageId: "young", data: { name: "A range in @media" } }),
    "Rule Rule": (node) => context.report({ node, messageId: "young", data: { name: "Nesting" } }),
    "Rule Atrule": (node) => context.report({ node, messageId: "young", data: { name: "Nesting" } }),
  }),
};

/** Where a browser does without these attributes, the page is the same. */
const NOT_NEEDED = ["playsinline"];

export const markup = {
  meta: { messages: younger, schema: [] },
  create: (context) => ({
    Tag(node) {
      const element = data.html.elements[node.name];
      if (!isOld(element)) context.report({ node, messageId: "young", data: { name: `<${node.name}>` } });
      for (const { type, key } of node.attributes) {
        const attribute = key?.value;
        if (type !== "Attribute" || !attribute || NOT_NEEDED.includes(attribute)) continue;
        const feature = element?.[attribute] ?? data.html.global_attributes[attribute];
        if (!isOld(feature)) context.report({ node, messageId: "young", data: { name: attribute } });
      }
    },
  }),
};
