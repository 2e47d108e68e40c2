// @ts-check
/** Keys of the document check: t for the next kind of document; y, w and u answer one question after the other. */

/** @type {Record<string, string>} */
const ANSWERS = { y: "yes", w: "no", u: "cannot_tell" };

/** @param {ParentNode} group @returns {HTMLInputElement[]} */
function radios(group) {
  return [...group.querySelectorAll("input")];
}

function nextKind() {
  const kinds = document.querySelector("[data-kinds]");
  if (!kinds) return false;
  const all = radios(kinds);
  const next = all[(all.findIndex((radio) => radio.checked) + 1) % all.length];
  next?.click();
  next?.focus();
  return Boolean(next);
}

/** The question that has the focus, else the first without an answer. */
function current() {
  const questions = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-question]")]);
  return (
    questions.find((question) => question.contains(document.activeElement)) ??
    questions.find((question) => !question.querySelector(":checked"))
  );
}

/** @param {string} value */
function answerNext(value) {
  const question = current();
  if (!question) return false;
  radios(question)
    .find((radio) => radio.value === value)
    ?.click();
  // The focus leaves the question, so that the next key is about the next one.
  const open = [...document.querySelectorAll("[data-question]")].find((other) => !other.querySelector(":checked"));
  const first = open && radios(open)[0];
  if (first) first.focus();
  else if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  return true;
}

/** Whether anything is answered about the document. The fields stand outside of their form. */
export function documentAnswered() {
  return Boolean(document.querySelector(".document-check :checked"));
}

/** Whether the key was one of the document check. @param {string} key */
export function onDocument(key) {
  if (key === "t") return nextKind();
  const value = ANSWERS[key];
  return value ? answerNext(value) : false;
}
