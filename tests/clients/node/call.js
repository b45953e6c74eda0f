'use strict';
// What the samples in Node share: the arguments (node FILE SAMPLE BASE_URL ACCESS REFRESH) and the printed answer.

const [sample, base, access, refresh] = process.argv.slice(2);

// Like `curl --include`: status line, headers, an empty line, the body.
function print(status, headers, body) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  process.stdout.write([`HTTP/1.1 ${status}`, ...lines, '', body].join('\n'));
}

module.exports = { sample, api: `${base}/api/v1`, access, refresh, print };
