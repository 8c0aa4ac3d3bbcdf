// The sound of one call: takes the microphone in pieces of 20 ms, plays what the bot says. Without a
// microphone, and while muted, it sends silence: the line's time is the sound that comes over it.

import { JitterBuffer } from "./jitter.js";

class PhoneSound extends AudioWorkletProcessor {
  constructor() {
    super();
    this.buffer = new JitterBuffer(sampleRate);
    this.piece = new Int16Array(Math.round(sampleRate / 50));
    this.filled = 0;
    this.muted = false;
    this.botLevel = 0;
    this.callerLevel = 0;
    this.port.onmessage = ({ data }) => {
      if (data.sound) this.buffer.push(toFloats(new Int16Array(data.sound)));
      if (data.clear) this.buffer.clear();
      if (data.muted !== undefined) this.muted = data.muted;
    };
  }

  process(inputs, outputs) {
    const voice = outputs[0][0];
    this.buffer.pull(voice);
    this.botLevel = Math.max(this.botLevel, loudest(voice));
    const microphone = inputs[0][0];
    for (let i = 0; i < voice.length; i += 1) {
      const sample = microphone && !this.muted ? microphone[i] : 0;
      this.callerLevel = Math.max(this.callerLevel, Math.abs(sample));
      this.piece[this.filled] = Math.max(-32768, Math.min(32767, Math.round(sample * 32768)));
      this.filled += 1;
      if (this.filled === this.piece.length) this.send();
    }
    return true;
  }

  send() {
    const sound = this.piece.slice().buffer;
    const report = { sound, you: this.callerLevel, bot: this.botLevel, waiting: this.buffer.seconds };
    this.port.postMessage(report, [sound]);
    this.filled = 0;
    this.callerLevel = 0;
    this.botLevel = 0;
  }
}

function toFloats(samples) {
  const floats = new Float32Array(samples.length);
  for (let i = 0; i < samples.length; i += 1) floats[i] = samples[i] / 32768;
  return floats;
}

function loudest(samples) {
  let most = 0;
  for (const sample of samples) most = Math.max(most, Math.abs(sample));
  return most;
}

registerProcessor("phone-sound", PhoneSound);
