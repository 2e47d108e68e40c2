/**
 * A style sheet that never arrives would keep the page white for minutes: after 10 s the page does without it.
 * A classic script, loaded apart from the modules, because a module waits for the style sheets before it.
 */
setTimeout(() => {
  for (const link of document.querySelectorAll('link[rel="stylesheet"]')) {
    if (!(/** @type {HTMLLinkElement} */ (link).sheet)) link.remove();
  }
}, 10_000);
