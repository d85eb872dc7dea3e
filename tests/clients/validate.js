// @signalwire/web-api: whether it accepts the signatures of requests that a server was sent.
const { WebApi, validateRequest } = require('@signalwire/web-api');

const validate = validateRequest || WebApi.validateRequest;
const given = JSON.parse(process.argv[2]);
const results = given.requests.map(({ header, url, body }) =>
  validate(given.key, header, url, body),
);
console.log(JSON.stringify(results));
