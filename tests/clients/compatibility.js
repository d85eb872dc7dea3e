// @signalwire/compatibility-api: what it is told to do with recordings, as its users write it.
const { RestClient } = require('@signalwire/compatibility-api');

const given = JSON.parse(process.argv[2]);
const client = RestClient(given.project, given.token, { signalwireSpaceUrl: given.space });

const plain = (recording) => ({
  sid: recording.sid,
  callSid: recording.callSid,
  status: recording.status,
  channels: recording.channels,
  duration: recording.duration,
  dateCreated: recording.dateCreated,
  uri: recording.uri,
});

const call = ({ sid, status, direction, from, to, parentCallSid, duration, uri }) => ({
  sid, status, direction, from, to, parentCallSid, duration, uri,
});

const actions = {
  dial: async () => call(await client.calls.create(given.how)),
  call: async () => call(await client.calls(given.call).fetch()),
  calls: async () => (await client.calls.list({ to: given.to, pageSize: 2 })).map(call),
  change: async () => call(await client.calls(given.call).update(given.how)),
  start: async () => plain(await client.calls(given.call).recordings.create(given.how)),
  update: async () =>
    plain(await client.calls(given.call).recordings(given.sid).update(given.how)),
  fetch: async () => plain(await client.recordings(given.sid).fetch()),
  list: async () => (await client.recordings.list({ callSid: given.call })).map(plain),
  pages: async () =>
    (await client.recordings.list({ callSid: given.call, pageSize: 1 })).map(plain),
  remove: async () => client.recordings(given.sid).remove(),
  validate: async () =>
    RestClient.validateRequest(given.key, given.signature, given.url, given.params),
};

(async () => {
  const results = [];
  for (const name of given.actions) {
    try {
      results.push(await actions[name]());
    } catch (error) {
      results.push({ error: { status: error.status, code: error.code, message: error.message } });
    }
  }
  console.log(JSON.stringify(results));
})();
