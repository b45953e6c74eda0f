'use strict';
// The samples of the 2024 document in JavaScript with fetch: it has them for sessions only.
const { sample, api, access, refresh, print } = require('../call');

const bearer = { Authorization: `Bearer ${access}` };
const refreshToken = { 'X-Refresh-Token': refresh };

const samples = {
  login: ['/auth/login', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ user: 'user@example.com', password: 'Password123' }),
  }],
  refresh: ['/auth/refresh', { method: 'POST', headers: refreshToken }],
  logout: ['/auth/logout', { method: 'DELETE', headers: bearer }],
  logout_by_refresh: ['/auth/logout_by_refresh', { method: 'DELETE', headers: refreshToken }],
};

const [path, options] = samples[sample];
fetch(api + path, { ...options, headers: new Headers(options.headers), redirect: 'follow' })
  .then(async (response) => print(response.status, Object.fromEntries(response.headers), await response.text()));
