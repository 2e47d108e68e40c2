// @ts-check
/** Controls the recording step, from the camera's permission to the sent video, faults included. */

import { ready } from "../page.js";
import * as camera from "./camera.js";
import { lack, platform } from "./environment.js";
import { watch as watchInterruptions } from "./interruptions.js";
import { watch as watchLight } from "./light.js";
import { countdown } from "./prompts.js";
import { requestChallenge, Refused, send } from "./server.js";
import { film, NothingRecorded } from "./take.js";
import * as view from "./view.js";

/** @type {import("./take.js").Take | null} the recording that is not sent yet; it is only in the memory of this page */
let take = null;
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
  forget();
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
    if (error instanceof Refused) refused(error);
    else if (!over.signal.aborted) closeCamera(error instanceof NothingRecorded ? "empty" : "unrecorded");
  } finally {
    stopWatching();
    over.abort();
  }
}

/** @param {import("./take.js").Take} filmed */
function playback(filmed) {
  if (filmed.blob.size > Number(view.addresses.limit)) return closeCamera("too_large");
  take = filmed;
  closeCamera();
  view.play(filmed.blob);
}

async function sendTake() {
  if (!take) return;
  // Once a part may have arrived, only the server knows how long it accepts the others.
  if (!take.begun && performance.now() > take.until) return stopWith("expired");
  take.begun = true;
  view.progress(take.arrived, take.blob.size);
  view.show("sending");
  const { recording = "", parts = "", partSize } = view.addresses;
  try {
    const addresses = { recording, parts, partSize: Number(partSize) };
    const answer = await send(addresses, take, { progress: view.progress, stuck: view.stuck });
    leave(answer.next);
  } catch (error) {
    refused(error instanceof Refused ? error : new Refused(0));
  }
}

/** The server refused the request or could not be reached. @param {Refused} error */
function refused(error) {
  if (error.next) return leave(error.next);
  if (take && (error.passing || error.offset !== undefined)) return view.show("lost");
  stopWith(error.status === 410 ? "expired" : error.message || error.code);
}

/** @param {string} reason */
function stopWith(reason) {
  forget();
  closeCamera(reason);
}

/** @param {string} [next] */
function leave(next) {
  forget();
  closeCamera();
  location.assign(next || (view.addresses.home ?? "/"));
}

function forget() {
  view.unplay();
  take = null;
}

view.wire({ allow, start, send: sendTake, again: allow });
view.cameras.addEventListener("change", () => {
  deviceId = view.cameras.value;
  allow();
});
addEventListener("beforeunload", (event) => take && event.preventDefault());
view.part(`platform="${platform()}"`).hidden = false;
if (lack()) view.show(lack());
ready();
