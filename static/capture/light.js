// @ts-check
/** Hints on the light from a small copy of the picture. They never block, because cameras differ too much. */

const WIDTH = 80;
const HEIGHT = 60;
const EVERY = 700;
const BLACK = 10;
const DARK = 55;
const BRIGHT = 215;
// After so many looks, 5 s, a black picture is likely to stay black. And a real camera's noise changes every picture.
const SAME = 7;

/**
 * Mean brightness, 0 to 255, of the middle of the picture, where the face is.
 * @param {CanvasRenderingContext2D} context
 * @param {HTMLVideoElement} video
 */
function brightness(context, video) {
  context.drawImage(video, 0, 0, WIDTH, HEIGHT);
  const { data } = context.getImageData(WIDTH / 4, HEIGHT / 8, WIDTH / 2, (HEIGHT * 3) / 4);
  let sum = 0;
  for (let i = 0; i < data.length; i += 4) sum += 0.2126 * data[i] + 0.7152 * data[i + 1] + 0.0722 * data[i + 2];
  return sum / (data.length / 4);
}

/** @typedef {"black" | "blind" | "still" | "dark" | "bright" | "place"} Advice */

/** @param {number} level @param {number} same @param {number} black looks without a change, and in the dark @returns {Advice} */
function adviceFor(level, same, black) {
  if (level < BLACK) return black >= SAME ? "blind" : "black";
  if (same >= SAME) return "still";
  if (level < DARK) return "dark";
  return level > BRIGHT ? "bright" : "place";
}

/**
 * Call `tell` with the name of a hint whenever it changes; returns a function that stops it.
 * @param {HTMLVideoElement} video
 * @param {(hint: Advice) => void} tell
 */
export function watch(video, tell) {
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  let last = "";
  let level = -1;
  let same = 0;
  let black = 0;
  const timer = setInterval(() => {
    if (!context || video.readyState < 2) return;
    const before = level;
    level = brightness(context, video);
    same = level === before ? same + 1 : 0;
    black = level < BLACK ? black + 1 : 0;
    const hint = adviceFor(level, same, black);
    if (hint !== last) tell(hint);
    last = hint;
  }, EVERY);
  return () => clearInterval(timer);
}
