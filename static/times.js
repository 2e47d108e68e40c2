// @ts-check
/** Writes the times of a page in the browser's own zone, and names it. Without scripts they stay in UTC. */

// The way in which the person's own browser writes this page's language, such as British English.
const page = document.documentElement.lang || "en";
const own = navigator.languages.find((language) => language.split("-")[0] === page.split("-")[0]) ?? page;

const write = new Intl.DateTimeFormat(own, {
  day: "numeric",
  month: "long",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  timeZoneName: "short",
});

export function tellTimes() {
  const times = /** @type {NodeListOf<HTMLTimeElement>} */ (document.querySelectorAll("time[data-time]"));
  for (const time of times) {
    // For who has to name the time to somebody elsewhere.
    time.title = time.textContent;
    time.textContent = write.format(new Date(time.dateTime));
  }
}
