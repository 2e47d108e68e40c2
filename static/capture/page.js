// @ts-check
/** Controls the recording step, from the camera's permission to the recorded video, faults included. */

import * as camera from "./camera.js";
import { lack, platform } from "./environment.js";
import { watch as watchInterruptions } from "./interruptions.js";
import { watch as watchLight } from "./light.js";
import { countdown } from "./prompts.js";
import * as sending from "./sending.js";
import { Refused, requestChallenge } from "./server.js";
import { film, NothingRecorded } from "./take.js";
import * as view from "./view.js";

/** @type {MediaStream | null} */
let stream = null;
let deviceId = "";
let release = () => {};

/** @param {string} [reason] why it was stopped; empty if the applicant stopped it */
function closeCamera(reason) {
  release();
  camera.close(view.preview);
  stream = null;
  view.recording(false);
  if (reason) view.stopped(reason);
}

async function allow() {
  sending.forget();
  closeCamera();
  view.part("waiting").hidden = false;
  try {
    const opened = await camera.open(view.preview, deviceId);
    stream = opened;
    const watches = [watchLight(view.preview, view.hint), watchInterruptions(opened, closeCamera)];
    release = () => {
      for (const stop of watches) stop();
    };
    view.show("live");
    view.offerCameras(await camera.cameras(), opened.getVideoTracks()[0].getSettings().deviceId ?? "");
  } catch (error) {
    view.show(error instanceof camera.CameraFault ? error.code : "unsupported");
  } finally {
    view.part("waiting").hidden = true;
  }
}

async function start() {
  if (!stream || view.part("framing").hidden) return;
  const filmed = stream;
  const over = new AbortController();
  const stopWatching = watchInterruptions(filmed, (reason) => over.abort(new Error(reason)));
  const scene = { stage: view.stage, say: view.say, signal: over.signal, since: performance.now() };
  view.recording(true, false);
  view.hint("ready");
  try {
    const [challenge] = await Promise.all([requestChallenge(view.addresses.challenge ?? ""), countdown(scene)]);
    view.recording(true);
    playback(await film(filmed, challenge, scene));
  } catch (error) {
    if (error instanceof Refused) refuse(error);
    else if (!over.signal.aborted) closeCamera(error instanceof NothingRecorded ? "empty" : "unrecorded");
  } finally {
    stopWatching();
    over.abort();
  }
}

/** The server refused the challenge or could not be reached. @param {Refused} error */
function refuse(error) {
  closeCamera();
  sending.refused(error);
}

/** @param {import("./take.js").Take} filmed */
function playback(filmed) {
  if (filmed.blob.size > Number(view.addresses.limit)) return closeCamera("too_large");
  closeCamera();
  sending.offer(filmed);
}

if (lack()) view.show(lack());
else await sending.restore();
view.wire({ allow, start, send: sending.send, again: allow });
view.cameras.addEventListener("change", () => {
  deviceId = view.cameras.value;
  allow();
});
addEventListener("beforeunload", (event) => sending.isHeld() && event.preventDefault());
view.part(`platform="${platform()}"`).hidden = false;
