'use strict';
// The samples of the 2021 document in Node with axios.
const axios = require('axios');
const FormData = require('form-data');
const { sample, api, access, refresh, print } = require('../call');

// The samples call the form urlencoded and then overwrite that with the form's own multipart header.
function emptyForm(path, headers = {}) {
  const data = new FormData();
  return {
    method: 'post',
    url: api + path,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers, ...data.getHeaders() },
    data,
  };
}

const get = (path) => ({ method: 'get', url: api + path, headers: { Authorization: `Bearer ${access}` } });

const json = (method, path, body) => ({
  method,
  url: api + path,
  headers: { Authorization: `Bearer ${access}`, 'Content-Type': 'application/json' },
  data: JSON.stringify(body),
});

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
  raise_ticket: json('post', '/tickets', { ticket, eco_id: 1 }),
  tickets: get('/tickets'),
  tickets_by_type: json('get', '/tickets/tickets_by_type?limit=10&order=asc', {
    ticket: { type: 'customer_support', status: 'open' },
  }),
  ticket: get('/tickets/2012001'),
  add_ticket_note: json('post', '/tickets/add_ticket_note', {
    ticket_note: { note: 'test ticket note' },
    ticket_number: '2008022',
  }),
  get_ticket_notes: json('get', '/tickets/get_ticket_notes', { ticket_number: '2008022' }),
};

// Every status and the body as it came: a parsed and reprinted body would hide a number of the wrong kind.
axios({ ...samples[sample], validateStatus: null, transformResponse: (body) => body })
  .then((response) => print(response.status, response.headers, response.data));
