// Microphone and loudspeaker of this machine. A call goes on without a microphone: the dial pad is
// enough to pay.

const LINE_RATE = 8000;
const RATES = [8000, 16000, 24000, 32000, 44100, 48000];

export class Sound {
  // onPiece({sound, you, bot, waiting}): every 20 ms.
  constructor(onPiece) {
    this.onPiece = onPiece;
    this.context = null;
    this.stream = null;
    this.problem = null; // "blocked", "missing", "insecure", "failed": why there is no microphone
  }

  // From a click, or the browser lets nothing be heard. Returns the rate in Hz.
  async open() {
    await this.openMicrophone();
    try {
      await this.connect(new AudioContext({ sampleRate: LINE_RATE, latencyHint: "interactive" }));
    } catch (error) {
      // Some browsers connect a microphone only at its own rate; the server then resamples.
      await this.context?.close();
      await this.connect(new AudioContext({ latencyHint: "interactive" }));
    }
    if (!RATES.includes(this.context.sampleRate)) {
      await this.context.close();
      await this.connect(new AudioContext({ sampleRate: 48000, latencyHint: "interactive" }));
    }
    return this.context.sampleRate;
  }

  async openMicrophone() {
    if (!navigator.mediaDevices?.getUserMedia) {
      this.problem = window.isSecureContext ? "missing" : "insecure";
      return;
    }
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({
        audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 },
      });
    } catch (error) {
      const known = { NotAllowedError: "blocked", SecurityError: "blocked", NotFoundError: "missing" };
      this.problem = known[error.name] ?? "failed";
    }
  }

  async connect(context) {
    this.context = context;
    await context.audioWorklet.addModule("/static/worklet.js");
    this.node = new AudioWorkletNode(context, "phone-sound", { outputChannelCount: [1] });
    this.node.port.onmessage = ({ data }) => this.onPiece(data);
    if (this.stream) context.createMediaStreamSource(this.stream).connect(this.node);
    this.node.connect(context.destination);
    await context.resume();
  }

  play(sound) {
    this.node?.port.postMessage({ sound }, [sound]);
  }

  clear() {
    this.node?.port.postMessage({ clear: true });
  }

  mute(muted) {
    this.node?.port.postMessage({ muted });
  }

  async close() {
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
    const context = this.context;
    this.context = null;
    this.node = null;
    if (context && context.state !== "closed") await context.close();
  }
}
