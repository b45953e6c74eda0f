'use strict';
// The samples of the 2024 document in Node with axios.
const axios = require('axios');
const { sample, api, access, refresh, print } = require('../call');

const bearer = { Authorization: `Bearer ${access}` };
const refreshToken = { 'X-Refresh-Token': refresh };

const bare = (method, path, headers) => ({ method, url: api + path, headers });

const json = (method, path, data, headers = bearer) => ({
  method,
  url: api + path,
  headers: { ...headers, 'Content-Type': 'application/json' },
  data,
});

const ticket = {
  title: 'Network connection issue',
  description: 'Internet connection is unstable at the site',
  category: 'network',
  ticket_type: 'customer_support',
  priority: 3,
  product_id: 4,
};

const samples = {
  login: json('post', '/auth/login', { user: 'user@example.com', password: 'Password123' }, {}),
  // axios itself calls a POST without a body urlencoded.
  refresh: bare('post', '/auth/refresh', refreshToken),
  logout: bare('delete', '/auth/logout', bearer),
  logout_by_refresh: bare('delete', '/auth/logout_by_refresh', refreshToken),
  create_ticket: json('post', '/tickets', { ticket, customer_id: 20 }),
  tickets: bare('get', '/tickets', bearer),
  ticket: bare('get', '/tickets/2024001', bearer),
  tickets_by_type: json('get', '/tickets/tickets_by_type?limit=10&order=desc', {
    ticket: { type: 'customer_support', status: 'open' },
  }),
  tickets_by_category: bare('get', '/tickets/tickets_by_category?category=network&limit=10&page=1', bearer),
  tickets_of_customer: bare('get', '/tickets/tickets_of_customer?customer_id=20&status=open&limit=10', bearer),
  status_update: json('post', '/tickets/2024001/status_update', {
    ticket: { status: 'in_progress', closed_date: '2024-06-28' },
  }),
  add_ticket_note: json('post', '/tickets/add_ticket_note', {
    ticket_note: { note: 'Issue has been partially resolved' },
    ticket_number: '2024001',
  }),
  get_ticket_notes: json('get', '/tickets/get_ticket_notes', { ticket_number: '2024001' }),
  get_specific_ticket_for_bot: bare('get', '/tickets/2024001/get_specific_ticket_for_bot?customer_id=20', bearer),
};

// Every status and the body as it came: a parsed and reprinted body would hide a number of the wrong kind.
axios({ ...samples[sample], validateStatus: null, transformResponse: (body) => body })
  .then((response) => print(response.status, response.headers, response.data));
