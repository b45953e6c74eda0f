#!/bin/sh
# The samples of the 2021 document in curl: sh v2021.sh SAMPLE BASE_URL ACCESS REFRESH
set -eu

api=$2/api/v1
form='Content-Type: application/x-www-form-urlencoded'
json='Content-Type: application/json'
access="Authorization: Bearer $3"
refresh="X-Refresh-Token: $4"

# Only the first line is ours: it makes the whole answer readable and keeps a user's own curlrc out of it.
request() {
  curl --disable --silent --show-error --include \
    --location --request "$@"
}

case $1 in
auth)
  request POST "$api/auth?user=user@example.com&password=Password123" --header "$form"
  ;;
refresh_token)
  request POST "$api/auth/refresh_token" --header "$form" --header "$refresh"
  ;;
raise_ticket)
  request POST "$api/tickets" --header "$access" --header "$json" --data-raw '{
"ticket": {
"title": "example title",
"description": "example description",
"reference": "example reference",
"ticket_type": "eco_support",
"customer_id": 20,
"priority": 1,
"product_id": 4,
"customer_name": "john doe",
"customer_contact": 7735241,
"category": "fault"
},
"eco_id": 1
}'
  ;;
tickets)
  request GET "$api/tickets" --header "$access"
  ;;
tickets_by_type)
  request GET "$api/tickets/tickets_by_type?limit=10&order=asc" --header "$access" --header "$json" \
    --data-raw '{ "ticket": { "type": "customer_support", "status": "open"} }'
  ;;
ticket)
  request GET "$api/tickets/2012001" --header "$access"
  ;;
add_ticket_note)
  request POST "$api/tickets/add_ticket_note" --header "$access" --header "$json" \
    --data-raw '{"ticket_note": {"note": "test ticket note"},"ticket_number": "2008022"}'
  ;;
get_ticket_notes)
  request GET "$api/tickets/get_ticket_notes" --header "$access" --header "$json" \
    --data-raw '{"ticket_number": "2008022"}'
  ;;
*)
  echo "no such sample: $1" >&2
  exit 2
  ;;
esac
