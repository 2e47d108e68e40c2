// @ts-check
/** Pictures as this browser shows them: opened from a file, and drawn anew, upright and smaller, as JPEG. */

import { within } from "../deadline.js";

// Milliseconds. A phone takes seconds for 200 megapixels.
const OPENING = 20_000;
const DRAWING = 30_000;
// A colour that no browser puts in place of what it doesn't let a page read; and how far it may be off.
const PROBE = [51, 170, 119];
const NOISE = 16;
const SAMPLE = 8;

/**
 * Rejects if the browser can't show it, with Overdue if it takes too long. Release it with `close`.
 * @param {Blob} blob
 * @returns {Promise<HTMLImageElement>}
 */
export async function open(blob) {
  const image = new Image();
  const shown = new Promise((resolve, reject) => {
    image.onload = resolve;
    image.onerror = () => reject(new Error("This browser can't show it."));
  });
  image.src = URL.createObjectURL(blob);
  try {
    await within(shown, OPENING);
    return image;
  } catch (error) {
    close(image);
    throw error;
  }
}

/** @param {HTMLImageElement} image */
export function close(image) {
  URL.revokeObjectURL(image.src);
}

/**
 * The picture as a JPEG whose longer side is at most `side`. The browser turns it upright, as it does on the page.
 * @param {HTMLImageElement} image
 * @param {number} side pixels
 * @param {number} quality of 1
 * @returns {Promise<Blob>}
 */
export async function draw(image, side, quality) {
  await within(image.decode(), DRAWING);
  const scale = Math.min(1, side / Math.max(image.naturalWidth, image.naturalHeight));
  const { canvas, context } = sheet(image.naturalWidth * scale, image.naturalHeight * scale);
  if (!canBeRead(context)) throw new Error("This browser lets no page read what it has drawn.");
  // What is transparent must not become black.
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  Object.assign(context, { imageSmoothingQuality: "high" }); // Firefox does not support it, and draws without
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  if (isBlank(canvas)) throw new Error("This browser has drawn nothing.");
  const blob = await within(jpegOf(canvas, quality), DRAWING);
  canvas.width = 0; // iOS gives the memory back only then
  if (blob?.type !== "image/jpeg") throw new Error("This browser makes no JPEG.");
  return blob;
}

/** @param {number} width @param {number} height */
function sheet(width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width));
  canvas.height = Math.max(1, Math.round(height));
  const context = canvas.getContext("2d");
  if (!context) throw new Error("This browser draws nothing.");
  return { canvas, context };
}

/** Browsers that hide what could identify them give noise instead of what was drawn. @param {CanvasRenderingContext2D} context */
function canBeRead(context) {
  context.fillStyle = `rgb(${PROBE.join(",")})`;
  context.fillRect(0, 0, 1, 1);
  const seen = context.getImageData(0, 0, 1, 1).data;
  return PROBE.every((value, at) => Math.abs(value - seen[at]) <= NOISE);
}

/** A phone short of memory may draw nothing and not say so. @param {HTMLCanvasElement} canvas */
function isBlank(canvas) {
  const { context } = sheet(SAMPLE, SAMPLE);
  context.drawImage(canvas, 0, 0, SAMPLE, SAMPLE);
  const { data } = context.getImageData(0, 0, SAMPLE, SAMPLE);
  return data.every((value, at) => value === data[at % 4]);
}

/** @param {HTMLCanvasElement} canvas @param {number} quality @returns {Promise<Blob | null>} */
function jpegOf(canvas, quality) {
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
}
