#!/bin/sh
# The samples of the 2024 document in curl: sh v2024.sh SAMPLE BASE_URL ACCESS REFRESH
set -eu

api=$2/api/v1
json='Content-Type: application/json'
access="Authorization: Bearer $3"
refresh="X-Refresh-Token: $4"

# Only the first line is ours: it makes the whole answer readable and keeps a user's own curlrc out of it.
request() {
  curl --disable --silent --show-error --include \
    --location --request "$@"
}

case $1 in
login)
  request POST "$api/auth/login" --header "$json" --data-raw '{
"user": "user@example.com",
"password": "Password123"
}'
  ;;
refresh)
  request POST "$api/auth/refresh" --header "$refresh"
  ;;
logout)
  request DELETE "$api/auth/logout" --header "$access"
  ;;
logout_by_refresh)
  request DELETE "$api/auth/logout_by_refresh" --header "$refresh"
  ;;
create_ticket)
  request POST "$api/tickets" --header "$access" --header "$json" --data-raw '{
"ticket": {
"title": "Network connection issue",
"description": "Internet connection is unstable at the site",
"category": "network",
"ticket_type": "customer_support",
"priority": 3,
"product_id": 4
},
"customer_id": 20
}'
  ;;
tickets)
  request GET "$api/tickets" --header "$access"
  ;;
ticket)
  request GET "$api/tickets/2024001" --header "$access"
  ;;
tickets_by_type)
  request GET "$api/tickets/tickets_by_type?limit=10&order=desc" --header "$access" --header "$json" --data-raw '{
"ticket": {
"type": "customer_support",
"status": "open"
}
}'
  ;;
tickets_by_category)
  request GET "$api/tickets/tickets_by_category?category=network&limit=10&page=1" --header "$access"
  ;;
tickets_of_customer)
  request GET "$api/tickets/tickets_of_customer?customer_id=20&status=open&limit=10" --header "$access"
  ;;
status_update)
  request POST "$api/tickets/2024001/status_update" --header "$access" --header "$json" --data-raw '{
"ticket": {
"status": "in_progress",
"closed_date": "2024-06-28"
}
}'
  ;;
add_ticket_note)
  request POST "$api/tickets/add_ticket_note" --header "$access" --header "$json" --data-raw '{
"ticket_note": {
"note": "Issue has been partially resolved"
},
"ticket_number": "2024001"
}'
  ;;
get_ticket_notes)
  request GET "$api/tickets/get_ticket_notes" --header "$access" --header "$json" --data-raw '{
"ticket_number": "2024001"
}'
  ;;
get_specific_ticket_for_bot)
  request GET "$api/tickets/2024001/get_specific_ticket_for_bot?customer_id=20" --header "$access"
  ;;
*)
  echo "no such sample: $1" >&2
  exit 2
  ;;
esac
