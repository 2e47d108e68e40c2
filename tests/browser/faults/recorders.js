// A MediaRecorder that misbehaves as told for types whose name holds a certain word, and is quick and sound for others.
(({ faults, types, asks }) => {
  const bench = { types: [], running: 0 };
  window.recorders = bench;
  const SIZE = 20_000;

  window.MediaRecorder = class extends EventTarget {
    state = "inactive";

    constructor(_stream, { mimeType = "" } = {}) {
      super();
      this.how = Object.entries(faults).find(([word]) => mimeType.includes(word))?.[1] ?? "works";
      bench.types.push(mimeType);
      if (this.how === "constructor") throw new DOMException("NotSupportedError", "NotSupportedError");
      this.mimeType = this.how === "no type" ? "" : mimeType;
    }

    start() {
      if (this.how === "start") throw new DOMException("NotSupportedError", "NotSupportedError");
      this.state = "recording";
      bench.running++;
      if (this.how !== "no start event") queueMicrotask(() => this.dispatchEvent(new Event("start")));
      if (this.how === "error") setTimeout(() => this.dispatchEvent(new Event("error")), 1500);
      if (this.how === "stops") setTimeout(() => this.stop(), 1500);
    }

    stop() {
      if (this.state === "inactive") throw new DOMException("InvalidStateError", "InvalidStateError");
      this.state = "inactive";
      bench.running--;
      queueMicrotask(() => this.rest());
    }

    rest() {
      if (this.how === "nothing at all") return;
      if (this.how === "late data") setTimeout(() => this.give(SIZE), 500);
      else if (this.how !== "no data") this.give({ empty: 0, header: 800 }[this.how] ?? SIZE);
      if (this.how !== "no stop event") this.dispatchEvent(new Event("stop"));
    }

    give(size) {
      const event = new Event("dataavailable");
      event.data = new Blob([new Uint8Array(size)], { type: this.mimeType });
      this.dispatchEvent(event);
    }
  };
  if (asks) window.MediaRecorder.isTypeSupported = (type) => types.includes(type);
})
