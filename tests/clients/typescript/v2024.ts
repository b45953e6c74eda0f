// A program on the types that were generated from the 2024 document (node FILE BASE_URL USER PASSWORD).
import createClient from 'openapi-fetch';
import type { components, paths } from './2024.d.ts';

declare const process: { argv: [string, string, string, string, string] };
const [, , base, user, password] = process.argv;
function check(holds: unknown, found?: unknown): asserts holds {
  if (!holds) throw new Error(JSON.stringify(found));
}

const client = createClient<paths>({ baseUrl: `${base}/api/v1` });

const { data: tokens } = await client.POST('/auth/login', { body: { user, password } });
check(tokens);
const headers = { Authorization: `Bearer ${tokens.access}` };

// the fields that may be left out are left out
const ticket: components['schemas']['NewTicket'] = {
  title: 'No signal',
  description: 'Since the storm',
  category: 'fault',
  ticket_type: 'eco_support',
  product_id: 3,
};
const { error } = await client.POST('/tickets', { headers, body: { ticket } });
check(error && 'errors' in error);
check(Object.keys(error.errors).join() === 'customer_id', error);
const { data: raised } = await client.POST('/tickets', { headers, body: { ticket, customer_id: 20 } });
check(raised);

const status: components['schemas']['Status'] = raised.status;
check((status satisfies 'open' | 'in_progress' | 'on_hold' | 'closed') === 'open');
const path = { ticket: String(raised.id) };
const assigned = await client.POST('/tickets/{ticket}/assign', {
  headers,
  params: { path },
  body: { ticket: { assigned_to_id: null } },
});
check(assigned.response.status === 200);
const { error: unassigned } = await client.POST('/tickets/{ticket}/status_update', {
  headers,
  params: { path },
  body: { ticket: { status: 'in_progress' } },
});
check(unassigned?.error.startsWith('Please assign'), unassigned);

const { data: shown } = await client.GET('/tickets/{ticket}', { headers, params: { path } });
check((shown?.data.ticket.closed_date satisfies string | null | undefined) === null);
const { data: listed } = await client.GET('/tickets/tickets_by_type', {
  headers,
  params: { query: { type: 'eco_support', status: 'open', limit: 5 } },
});
check(listed?.data.tickets[0]?.id === raised.id);

// @ts-expect-error a word that is no status
const wrong: components['schemas']['StatusChange'] = { status: 'done' };
check(wrong);
