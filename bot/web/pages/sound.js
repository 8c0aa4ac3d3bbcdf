// Microphone and loudspeaker of this machine. A call goes on without a microphone: the dial pad is
// enough to pay.

const LINE_RATE = 8000;
const RATES = [8000, 16000, 24000, 32000, 44100, 48000];

export class Sound {
  // onPiece({sound, you, bot, waiting}): every 20 ms. onProblem(problem): the microphone was lost in the call.
  constructor(onPiece, onProblem) {
    this.onPiece = onPiece;
    this.onProblem = onProblem;
    this.context = null;
    this.stream = null;
    this.closed = false;
    this.problem = null; // "blocked", "missing", "insecure", "failed": why there is no microphone
  }

  // From a click, or the browser lets nothing be heard. Returns the rate in Hz; null when it was
  // closed meanwhile: a browser may ask the caller for a long time.
  async open() {
    await this.openMicrophone();
    try {
      await this.connect({ sampleRate: LINE_RATE });
    } catch (error) {
      // Some browsers connect a microphone only at its own rate; the server then resamples.
      await this.connect({});
    }
    if (!this.closed && !RATES.includes(this.context.sampleRate)) await this.connect({ sampleRate: 48000 });
    if (this.closed) {
      await this.close();
      return null;
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
      for (const track of this.stream.getAudioTracks()) track.onended = () => this.lost();
    } catch (error) {
      const known = { NotAllowedError: "blocked", SecurityError: "blocked", NotFoundError: "missing" };
      this.problem = known[error.name] ?? "failed";
    }
  }

  // Unplugged, or taken away in the browser's settings; another one may be there.
  async lost() {
    this.stream = null;
    this.problem = null;
    await this.openMicrophone();
    if (this.closed) {
      await this.close();
      return;
    }
    try {
      this.hear();
    } catch {
      this.problem = "failed";
    }
    if (this.problem) this.onProblem(this.problem);
  }

  async connect(options) {
    await this.disconnect();
    if (this.closed) return;
    const context = new AudioContext({ ...options, latencyHint: "interactive" });
    this.context = context;
    await context.audioWorklet.addModule("/static/worklet.js");
    this.node = new AudioWorkletNode(context, "phone-sound", { outputChannelCount: [1] });
    this.node.port.onmessage = ({ data }) => this.onPiece(data);
    this.hear();
    this.node.connect(context.destination);
    // A telephone call that comes in, or a page in the background, may interrupt the sound.
    context.onstatechange = () => {
      if (context === this.context && context.state !== "running") context.resume().catch(() => {});
    };
    await context.resume();
  }

  hear() {
    if (this.stream && this.node) this.context.createMediaStreamSource(this.stream).connect(this.node);
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
    this.closed = true;
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
    await this.disconnect();
  }

  async disconnect() {
    const context = this.context;
    this.context = null;
    this.node = null;
    if (context && context.state !== "closed") await context.close();
  }
}
