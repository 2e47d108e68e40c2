/**
 * A style sheet that never arrives would keep the page white for minutes: after 10 s the page does without it.
 * A classic script, loaded apart from the modules, because a module waits for the style sheets before it.
 */
let painted = false;
new PerformanceObserver(() => {
  painted = true;
}).observe({ type: "paint", buffered: true });

setTimeout(() => {
  for (const link of document.querySelectorAll('link[rel="stylesheet"]')) {
    if (/** @type {HTMLLinkElement} */ (link).sheet) continue;
    link.remove();
    // Firefox waits on for what is no longer there. It shows the page when it is told to load nothing more.
    setTimeout(() => painted || stop(), 1000);
  }
}, 10_000);
