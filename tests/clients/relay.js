// @signalwire/realtime-api as its users write it: a program, told by its argument what to do.
// Prints a JSON object a line: what happened to the call, and what came of each thing it did.
const readline = require('node:readline');
const { SignalWire, Voice } = require('@signalwire/realtime-api');

const given = JSON.parse(process.argv[2]);
const say = (what) => process.stdout.write(JSON.stringify(what) + '\n');
const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const told = async (word) => {
  const { value } = await lines.next();
  if (value !== word) throw new Error(`${value}, not ${word}`);
};

const audio = {
  format: 'wav',
  stereo: true,
  direction: 'both',
  initialTimeout: 0,
  endSilenceTimeout: 0,
  terminators: '',
};

const bridged = async (call) => {
  await call.answer();
  const peer = await call.connectSip({ from: 'sip:us@example.com', to: given.to, timeout: 20 });
  say({ did: 'connect', peer: peer.id, state: peer.state, type: peer.type });
  return peer;
};

const scenarios = {
  greet: async (call) => {
    await call.answer();
    say({ did: 'answer', state: call.state });
    await told('hang up');
    await call.hangup();
    say({ did: 'all' });
  },
  record: async (call) => {
    await call.answer();
    const recording = await call.recordAudio(audio).onStarted();
    say({ did: 'record', state: recording.state });
    await told('pause');
    await recording.pause({ behavior: 'silence' });
    say({ did: 'pause' });
    await told('resume');
    await recording.resume();
    say({ did: 'resume' });
    await told('stop');
    await recording.stop();
    const { url, duration, size, record } = await recording.ended();
    say({ did: 'stop', params: { url, duration, size, record } });
    await call.hangup();
    say({ did: 'all' });
  },
  menu: async (call) => {
    await call.answer();
    const playback = await call.playAudio({ url: given.sound, volume: 2 }).onStarted();
    say({ did: 'play' });
    await told('pause');
    await playback.pause();
    await playback.resume();
    await playback.setVolume(-10);
    await playback.stop();
    await playback.ended();
    say({ did: 'played', state: playback.state });
    const prompt = await call
      .promptAudio({
        url: given.sound,
        digits: { max: 4, digitTimeout: 5, terminators: '#' },
        initialTimeout: 10,
      })
      .onStarted();
    say({ did: 'prompt' });
    const { type, digits, terminator } = await prompt.ended();
    say({ did: 'prompted', type, digits, terminator });
    const collect = await call
      .collect({
        digits: { max: 2, digitTimeout: 5 },
        initialTimeout: 10,
        startInputTimers: true,
        sendStartOfInput: true,
      })
      .onStarted();
    say({ did: 'collect' });
    const collected = await collect.ended();
    say({ did: 'collected', type: collected.type, digits: collected.digits });
    await call.sendDigits('12#');
    say({ did: 'send_digits' });
    await call.hangup();
    say({ did: 'all' });
  },
  effects: async (call) => {
    await call.answer();
    const detect = await call
      .detectDigit({
        digits: '7',
        timeout: 30,
        listen: { onUpdated: ({ result }) => say({ did: 'detected', event: result }) },
      })
      .onStarted();
    say({ did: 'detect' });
    await told('stop detect');
    await detect.stop();
    const tap = await call
      .tapAudio({
        direction: 'speak',
        device: { type: 'rtp', addr: '127.0.0.1', port: given.port },
      })
      .onStarted();
    say({ did: 'tap' });
    await told('stop');
    await tap.stop();
    await tap.ended();
    say({ did: 'tapped', state: tap.state });
    await call.hangup();
    say({ did: 'all' });
  },
  part: async (call) => {
    const peer = await bridged(call);
    await told('part');
    await call.disconnect();
    say({ did: 'part' });
    await peer.playAudio({ url: given.sound }).onStarted();
    await told('end');
    await peer.hangup();
    say({ did: 'end' });
    await told('hang up');
    await call.hangup();
    say({ did: 'all' });
  },
  connect: async (call) => {
    const peer = await bridged(call);
    await peer.disconnected();
    say({ did: 'disconnected' });
    await call.hangup();
    say({ did: 'all' });
  },
};

const note = (call) =>
  call.listen({
    onStateChanged: ({ callState }) =>
      say({ event: 'calling.call.state', call_state: callState }),
    onPlaybackStarted: ({ state }) => say({ event: 'calling.call.play', state }),
    onPlaybackUpdated: ({ state }) => say({ event: 'calling.call.play', state }),
    onPlaybackEnded: ({ state }) => say({ event: 'calling.call.play', state }),
    onRecordingStarted: ({ state }) => say({ event: 'calling.call.record', state }),
    onRecordingUpdated: ({ state }) => say({ event: 'calling.call.record', state }),
    onRecordingEnded: ({ state }) => say({ event: 'calling.call.record', state }),
  });

const serve = async (call) => {
  try {
    await note(call);
    await scenarios[given.scenario](call);
  } catch (error) {
    say({ failed: String(error?.message ?? JSON.stringify(error)) });
  }
};

(async () => {
  const { project, token, host, topics } = given;
  const client = await SignalWire({
    project,
    token,
    host,
    logLevel: 'error',
    listen: { onAuthError: ({ message }) => say({ failed: message }) },
  });
  await client.voice.listen({
    topics,
    onCallReceived: async (call) => {
      say({ did: 'receive', call_id: call.id, device: call.device, state: call.state });
      await serve(call);
    },
  });
  say({ did: 'login' });
  if (given.dial) {
    const plan = new Voice.DeviceBuilder().add(
      given.dial.map((to) =>
        Voice.DeviceBuilder.Sip({ to, from: 'sip:us@example.com', timeout: 20 }),
      ),
    );
    try {
      const call = await client.voice.dial({ devices: plan, region: 'us' });
      say({ did: 'dial', call_id: call.id, state: call.state });
      await serve(call);
    } catch (error) {
      say({ did: 'dial', state: error.dialState ?? 'failed' });
    }
  }
})();
