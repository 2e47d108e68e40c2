// @ts-check
/** Controls the recording step, from the camera's permission to the recorded video, faults included. */

import { ready } from "../page.js";
import { CameraFault } from "./camera.js";
import * as choice from "./choice.js";
import { lack, platform } from "./environment.js";
import { watch as watchInterruptions } from "./interruptions.js";
import { watch as watchLight } from "./light.js";
import * as opening from "./opening.js";
import { hopeless, RecorderFault } from "./recorder.js";
import * as sending from "./sending.js";
import { requestChallenge, Refused } from "./server.js";
import { record } from "./take.js";
import * as view from "./view.js";

/** @type {MediaStream | null} */
let stream = null;
/** Ends the current scene, from the tap on "Start recording" to its recording. */
let scene = new AbortController();
let release = () => {};

/** @param {string} [reason] why it was stopped; empty if the applicant stopped it */
function closeCamera(reason) {
  release();
  scene.abort();
  opening.close(view.preview);
  stream = null;
  view.phase("framing");
  if (reason) view.stopped(reason);
}

function allow() {
  sending.forget();
  closeCamera();
  view.show("opening");
  live(opening.open(view.preview, () => view.show("unanswered")));
}

/** @param {Promise<MediaStream>} opened */
async function live(opened) {
  try {
    const shown = await opened;
    release();
    stream = shown;
    const watches = [watchLight(view.preview, view.advise), watchInterruptions(shown, closeCamera)];
    release = () => {
      for (const stop of watches) stop();
    };
    view.show("live");
    view.offerCameras(await choice.cameras(), shown.getVideoTracks()[0]);
  } catch (error) {
    if (error instanceof CameraFault) view.problem(error.code, error.others, use);
    else if (!(error instanceof opening.Superseded)) throw error;
  }
}

/** Some browsers show the picture only after a tap. */
function tap() {
  const shown = opening.tapped(view.preview);
  view.show("opening");
  live(shown);
}

/** @param {string} deviceId */
function use(deviceId) {
  choice.choose(deviceId);
  allow();
}

async function start() {
  if (!stream || view.part("framing").hidden) return;
  if (stream.getVideoTracks()[0].muted) return closeCamera("muted");
  scene = new AbortController();
  const { signal } = scene;
  const since = performance.now();
  const draw = () => requestChallenge(view.addresses.challenge ?? "");
  try {
    playback(await record(stream, draw, { stage: view.stage, say: view.say, phase: view.phase, signal, since }));
  } catch (error) {
    if (!signal.aborted) unrecorded(error);
  }
}

/** @param {unknown} error */
function unrecorded(error) {
  if (error instanceof Refused) refused(error);
  else if (!(error instanceof RecorderFault)) closeCamera("server");
  else if (hopeless()) {
    closeCamera();
    view.show("no_recorder");
  } else closeCamera("unrecorded");
}

/** The server refused the challenge or could not be reached. @param {Refused} error */
function refused(error) {
  closeCamera();
  sending.refused(error);
}

/** The person stops the recording, and may start again. */
function stop() {
  scene.abort();
  view.cancelled();
}

/** @param {import("./take.js").Take} filmed */
function playback(filmed) {
  if (filmed.blob.size > Number(view.addresses.limit)) return closeCamera("too_large");
  closeCamera();
  sending.offer(filmed);
  view.rest(view.part('panel="playback"'));
}

async function begin() {
  view.part(`platform="${platform()}"`).hidden = false;
  if (lack()) view.show(lack());
  else await sending.restore();
  view.wire({ allow, tap, start, stop, send: sending.send, again: allow, reload: () => location.reload() });
  ready();
}

view.cameras.addEventListener("change", () => use(view.cameras.value));
addEventListener("beforeunload", (event) => {
  if (!sending.isHeld()) return;
  event.preventDefault();
  // Before version 119 Chrome asks only for this.
  event.returnValue = true;
});
begin();
