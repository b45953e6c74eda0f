'use strict';
// Sends a file with tus-js-client: node send.js FILE ENDPOINT ACCESS PIECE. Prints the upload's address, how often it
// was tried again, and where it went on each time.
const fs = require('node:fs');
const tus = require('tus-js-client');

const [file, endpoint, access, piece] = process.argv.slice(2);
let retries = 0;
const offsets = [];

const upload = new tus.Upload(fs.createReadStream(file), {
  endpoint,
  chunkSize: Number(piece),
  uploadSize: fs.statSync(file).size,
  retryDelays: Array(40).fill(250),
  headers: { Authorization: `Bearer ${access}` },
  metadata: { filename: 'mast.jpg', filetype: 'image/jpeg' },
  onShouldRetry: () => { retries += 1; return true; },
  onAfterResponse: (request, response) => {
    if (request.getMethod() === 'HEAD') offsets.push(Number(response.getHeader('Upload-Offset')));
  },
  onError: (error) => { process.stderr.write(`${error}\n`); process.exit(1); },
  onSuccess: () => process.stdout.write(JSON.stringify({ url: upload.url, retries, offsets })),
});
upload.start();
