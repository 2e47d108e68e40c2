// @ts-check
/** Collects facts on how a clip was made, as hints for reviewers: a browser can claim anything. */

import { settings } from "./camera.js";

/**
 * @param {MediaStream} stream
 * @param {import("./recorder.js").Clip} clip
 * @param {import("./prompts.js").PromptTime[]} prompts
 */
export function collect(stream, clip, prompts) {
  const track = stream.getVideoTracks()[0];
  const { width, height, frameRate, facingMode } = settings(stream);
  return {
    mime: clip.mime,
    bytes: clip.blob.size,
    chunks: clip.chunks,
    duration_ms: clip.ms,
    start_event_ms: clip.started_at ? Math.round(clip.started_at - clip.called_at) : null,
    prompts,
    camera: track.label,
    track: { width, height, frame_rate: frameRate, facing: facingMode },
    screen: { width: screen.width, height: screen.height, ratio: window.devicePixelRatio },
    webdriver: navigator.webdriver === true,
  };
}
