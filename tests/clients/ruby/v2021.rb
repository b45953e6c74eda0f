# frozen_string_literal: true

# The samples of the 2021 document in Ruby: ruby v2021.rb SAMPLE BASE_URL ACCESS REFRESH
require "net/http"
require "uri"

SAMPLE, BASE, ACCESS, REFRESH = ARGV

def request(verb, path, headers)
  request = verb.new(URI("#{BASE}/api/v1#{path}"))
  headers.each { |name, value| request[name] = value }
  request
end

# The samples call the form urlencoded and then build it as multipart: the second replaces the first on the wire.
def empty_form(path, headers = {})
  request = request(Net::HTTP::Post, path, { "Content-Type" => "application/x-www-form-urlencoded", **headers })
  request.set_form [], "multipart/form-data"
  request
end

def get(path)
  request(Net::HTTP::Get, path, "Authorization" => "Bearer #{ACCESS}")
end

def json(verb, path, body)
  request = request(verb, path, "Authorization" => "Bearer #{ACCESS}", "Content-Type" => "application/json")
  request.body = body
  request
end

TICKET = <<~JSON.chomp.gsub("\n", "\r\n")
  {
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
  }
JSON

SAMPLES = {
  "auth" => empty_form("/auth?user=user@example.com&password=Password123"),
  "refresh_token" => empty_form("/auth/refresh_token", { "X-Refresh-Token" => REFRESH }),
  "raise_ticket" => json(Net::HTTP::Post, "/tickets", TICKET),
  "tickets" => get("/tickets"),
  "tickets_by_type" => json(Net::HTTP::Get, "/tickets/tickets_by_type?limit=10&order=asc",
                            '{ "ticket": { "type": "customer_support", "status": "open"} }'),
  "ticket" => get("/tickets/2012001"),
  "add_ticket_note" => json(Net::HTTP::Post, "/tickets/add_ticket_note",
                            '{"ticket_note": {"note": "test ticket note"},"ticket_number": "2008022"}'),
  "get_ticket_notes" => json(Net::HTTP::Get, "/tickets/get_ticket_notes", '{"ticket_number": "2008022"}')
}.freeze

url = URI(BASE)
response = Net::HTTP.new(url.host, url.port).request(SAMPLES.fetch(SAMPLE))
puts "HTTP/1.1 #{response.code}", response.each_header.map { |name, value| "#{name}: #{value}" }, ""
print response.body
