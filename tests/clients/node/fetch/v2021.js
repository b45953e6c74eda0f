'use strict';
// The samples of the 2021 document in JavaScript with fetch.
const { sample, api, access, refresh, print } = require('../call');

// A multipart body under a urlencoded label: fetch keeps a label that is given, so the server meets the contradiction.
const emptyForm = (path, headers = {}) => [path, {
  method: 'POST',
  headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers },
  body: new FormData(),
}];

const get = (path) => [path, { method: 'GET', headers: { Authorization: `Bearer ${access}` } }];

const json = (method, path, body) => [path, {
  method,
  headers: { Authorization: `Bearer ${access}`, 'Content-Type': 'application/json' },
  body: JSON.stringify(body),
}];

const ticket = {
  title: 'example title',
  description: 'example description',
  reference: 'example reference',
  ticket_type: 'eco_support',
  customer_id: 20,
  priority: 1,
  product_id: 4,
  customer_name: 'john doe',
  customer_contact: 7735241,
  category: 'fault',
};

const samples = {
  auth: emptyForm('/auth?user=user@example.com&password=Password123'),
  refresh_token: emptyForm('/auth/refresh_token', { 'X-Refresh-Token': refresh }),
  raise_ticket: json('POST', '/tickets', { ticket, eco_id: 1 }),
  tickets: get('/tickets'),
  ticket: get('/tickets/2012001'),
  add_ticket_note: json('POST', '/tickets/add_ticket_note', {
    ticket_note: { note: 'test ticket note' },
    ticket_number: '2008022',
  }),
  // The next two never reach a server: fetch refuses a GET with a body. They stand here for the test that says so.
  tickets_by_type: json('GET', '/tickets/tickets_by_type?limit=10&order=asc', {
    ticket: { type: 'customer_support', status: 'open' },
  }),
  get_ticket_notes: json('GET', '/tickets/get_ticket_notes', { ticket_number: '2008022' }),
};

const [path, options] = samples[sample];
fetch(api + path, { ...options, headers: new Headers(options.headers), redirect: 'follow' })
  .then(async (response) => print(response.status, Object.fromEntries(response.headers), await response.text()));
