// @ts-check
/**
 * Reads a chosen file into memory, and makes it a photo that the server takes. The bytes decide what it is: systems label
 * a good JPEG in many ways. Once it is in memory, nothing that happens to the file can stop it.
 */

import { Overdue, within } from "../deadline.js";
import { close, draw, open } from "./picture.js";

/**
 * `picture` is null if this browser can't show it; `change` is what was done to it here.
 * @typedef {{ file: File, picture: HTMLImageElement | null, change: "" | "scaled" | "converted" }} Photo
 * What the server takes: the most bytes and pixels, and the types.
 * @typedef {{ size: number, pixels: number, types: string[] }} Limits
 */

/** A file that can't be sent; `code` is what the page says about it. */
export class Unusable extends Error {
  /** @param {string} code */
  constructor(code) {
    super(code);
    this.code = code;
  }
}

// Milliseconds: the system may fetch the file from a cloud first.
const READING = 60_000;
// Bytes, of which a phone has enough memory; the largest photos, of 200 megapixels, have some 60 MB.
const MAX_READ = 150_000_000;
// The server makes its copy of 1600 pixels a side.
const SCALED = { side: 4000, quality: 0.92 };
const SMALLEST = { side: 2000, quality: 0.85 };
/** By the first bytes. Browsers show the first four kinds. @type {[string, RegExp][]} */
const KINDS = [
  ["image/jpeg", /^\xff\xd8\xff/],
  ["image/png", /^\x89PNG\r\n/],
  ["image/webp", /^RIFF.{4}WEBP/s],
  ["image/avif", /^.{4}ftypavi[fs]/s],
  ["image/heic", /^.{4}ftyp(?:hei|hev|mif1|msf1)/s],
];
const SHOWN_EVERYWHERE = ["image/jpeg", "image/png"];

/**
 * Rejects with Unusable.
 * @param {File} chosen
 * @param {Limits} limits
 * @returns {Promise<Photo>}
 */
export async function read(chosen, limits) {
  if (chosen.size > MAX_READ) throw new Unusable("image_too_large");
  const bytes = await within(chosen.arrayBuffer(), READING).catch(() => {
    throw new Unusable("unreadable_file");
  });
  if (!bytes.byteLength) throw new Unusable("empty_file");
  const type = typeOf(bytes);
  if (!type) throw new Unusable("unsupported_image_type");
  return fitting(new File([bytes], chosen.name, { type }), limits);
}

/** @param {ArrayBuffer} bytes */
function typeOf(bytes) {
  const head = String.fromCharCode(...new Uint8Array(bytes.slice(0, 16)));
  return KINDS.find(([, signature]) => signature.test(head))?.[0] ?? "";
}

/** @param {File} file @param {Limits} limits @returns {Promise<Photo>} */
async function fitting(file, limits) {
  const accepted = limits.types.includes(file.type);
  const picture = await open(file).catch((error) => {
    const broken = SHOWN_EVERYWHERE.includes(file.type) && !(error instanceof Overdue);
    if (broken) throw new Unusable("image_corrupt");
    return null;
  });
  const pixels = picture ? picture.naturalWidth * picture.naturalHeight : 0;
  const small = file.size <= limits.size;
  if (accepted && small && pixels <= limits.pixels) return { file, picture, change: "" };
  const drawn = picture && (await redrawn(file, picture, SCALED, accepted ? "scaled" : "converted"));
  if (drawn && drawn.file.size <= limits.size) return drawn;
  // Whether it has too many pixels is for the server to say.
  if (accepted && small) return { file, picture, change: "" };
  throw new Unusable(accepted ? "image_too_large" : "unsupported_image_type");
}

/**
 * The photo drawn anew, or null if this browser can't.
 * @param {File} file
 * @param {HTMLImageElement} picture
 * @param {{ side: number, quality: number }} as
 * @param {Photo["change"]} change
 * @returns {Promise<Photo | null>}
 */
async function redrawn(file, picture, { side, quality }, change) {
  try {
    const jpeg = await draw(picture, side, quality);
    const name = `${file.name.replace(/\.[^.]*$/, "")}.jpg`;
    return { file: new File([jpeg], name, { type: "image/jpeg" }), picture, change };
  } catch {
    return null;
  }
}

/** A copy that gets through where little does, as much as the server needs; the same photo if there is none smaller. @param {Photo} photo */
export async function smaller(photo) {
  const change = photo.change || "scaled";
  const drawn = photo.picture && (await redrawn(photo.file, photo.picture, SMALLEST, change));
  return drawn && drawn.file.size < photo.file.size ? drawn : photo;
}

/** @param {Photo | null} photo */
export function forget(photo) {
  if (photo?.picture) close(photo.picture);
}
