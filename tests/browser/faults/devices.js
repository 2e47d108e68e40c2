// Cameras that misbehave as told. Pictures come from the browser's own synthetic camera; what a page sees of the devices
// comes from here, so that every browser tells the same.
(({ cameras, opens, list, plays, picture, settings }) => {
  const bench = { asked: [], streams: [], waiting: [] };
  window.bench = bench;
  const devices = navigator.mediaDevices;
  // The empty page that a browser begins with is not secure.
  if (!devices) return;
  const open = devices.getUserMedia.bind(devices);
  const listed = devices.enumerateDevices.bind(devices);
  const turn = (faults, number) => faults[Math.min(number, faults.length - 1)];
  const fault = (name) => {
    if (name === "TypeError") return new TypeError(name);
    return name === "null" ? null : new DOMException(name, name);
  };
  // Later calls of a page meet the last fault of the list.
  let plain = 0;

  bench.live = () => bench.streams.flatMap((stream) => stream.getTracks()).filter((track) => track.readyState === "live");
  bench.answer = () => {
    for (const go of bench.waiting.splice(0)) go();
  };
  bench.happens = (kind) => bench.live()[0].dispatchEvent(new Event(kind));

  async function stream(camera) {
    const made = await open({ video: true, audio: false });
    bench.streams.push(made);
    const [track] = made.getVideoTracks();
    const known = { ...track.getSettings(), ...(camera && { deviceId: camera.id, facingMode: camera.facing }) };
    Object.defineProperty(track, "getSettings", { value: settings ? () => known : undefined });
    if (camera) Object.defineProperty(track, "label", { value: camera.label });
    return made;
  }

  function chosen(video) {
    const id = video.deviceId?.exact;
    const camera = id ? cameras.find((each) => each.id === id) : cameras[0];
    if (cameras.length && !camera) throw fault("OverconstrainedError");
    if (camera?.fault) throw fault(camera.fault);
    return camera;
  }

  devices.getUserMedia = async ({ video }) => {
    bench.asked.push(video.deviceId?.exact ?? "");
    const how = turn(opens, plain++);
    if (how === "never") return new Promise(() => {});
    if (how === "waits") await new Promise((resolve) => bench.waiting.push(resolve));
    if (how === "nothing") return undefined;
    if (how === "no track") return new MediaStream();
    if (how !== "works" && how !== "waits") throw fault(how);
    return await stream(chosen(video));
  };

  devices.enumerateDevices = {
    works: async () => {
      if (!cameras.length) return await listed();
      return cameras.map(({ id, label }) => ({ kind: "videoinput", deviceId: id, label, groupId: "" }));
    },
    unlabelled: async () => cameras.map(({ id }) => ({ kind: "videoinput", deviceId: id, label: "", groupId: "" })),
    unnamed: async () => [{ kind: "videoinput", deviceId: "", label: "", groupId: "" }],
    empty: async () => [],
    rejects: async () => {
      throw fault("NotAllowedError");
    },
    never: () => new Promise(() => {}),
    missing: undefined,
  }[list];

  const play = HTMLMediaElement.prototype.play;
  let played = 0;
  HTMLMediaElement.prototype.play = function () {
    const how = this.srcObject ? turn(plays, played++) : "works";
    if (how === "never") {
      play.call(this);
      return new Promise(() => {});
    }
    return how === "works" ? play.call(this) : Promise.reject(fault(how));
  };

  if (picture === "none") Object.defineProperty(HTMLVideoElement.prototype, "videoWidth", { get: () => 0 });
  const level = { black: 0, still: 90 }[picture];
  if (level !== undefined) {
    const read = CanvasRenderingContext2D.prototype.getImageData;
    CanvasRenderingContext2D.prototype.getImageData = function (...box) {
      const pixels = read.apply(this, box);
      pixels.data.fill(level);
      return pixels;
    };
  }
})
