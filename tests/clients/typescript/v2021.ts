// A program on the types that were generated from the 2021 document (node FILE BASE_URL USER PASSWORD).
import createClient from 'openapi-fetch';
import type { components, paths } from './2021.d.ts';

declare const process: { argv: [string, string, string, string, string] };
const [, , base, user, password] = process.argv;
function check(holds: unknown, found?: unknown): asserts holds {
  if (!holds) throw new Error(JSON.stringify(found));
}

const client = createClient<paths>({ baseUrl: `${base}/api/v1` });

const { data: tokens } = await client.POST('/auth', { params: { query: { user, password } } });
check(tokens);
const headers = { Authorization: `Bearer ${tokens.access}` };

// the fields that may be left out are left out
const ticket: components['schemas']['NewTicket'] = {
  title: 'No signal',
  description: 'Since the storm',
  category: 'fault',
  ticket_type: 'eco_support',
  product_id: 3,
  customer_name: 'Ibrahim',
  customer_contact: 7771234,
};
const { error } = await client.POST('/tickets', { headers, body: { ticket } });
check(error?.error === 'ticket.customer_id is missing: give it, or eco_id', error);
const { data: raised } = await client.POST('/tickets', { headers, body: { ticket, customer_id: 20 } });
check(raised);
const { data: mine } = await client.GET('/tickets', { headers, params: { query: { limit: 1 } } });
const [shown] = mine?.data.tickets ?? [];
check(String(shown?.id) === raised.success.ticket_number);
check((shown?.closed_date satisfies string | undefined) === 'not closed');

const { data: notes } = await client.GET('/tickets/get_ticket_notes', {
  headers,
  params: { query: { ticket_number: raised.success.ticket_number } },
});
check(notes?.data.count === 0);
