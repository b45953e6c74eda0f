# frozen_string_literal: true

# The samples of the 2024 document in Ruby: ruby v2024.rb SAMPLE BASE_URL ACCESS REFRESH
require "json"
require "net/http"
require "uri"

SAMPLE, BASE, ACCESS, REFRESH = ARGV

def request(verb, path, headers)
  request = verb.new(URI("#{BASE}/api/v1#{path}"))
  headers.each { |name, value| request[name] = value }
  request
end

def get(path)
  request(Net::HTTP::Get, path, "Authorization" => "Bearer #{ACCESS}")
end

def json(verb, path, body, headers = { "Authorization" => "Bearer #{ACCESS}" })
  request = request(verb, path, { **headers, "Content-Type" => "application/json" })
  request.body = JSON.generate(body)
  request
end

TICKET = {
  title: "Network connection issue",
  description: "Internet connection is unstable at the site",
  category: "network",
  ticket_type: "customer_support",
  priority: 3,
  product_id: 4
}.freeze

SAMPLES = {
  "login" => json(Net::HTTP::Post, "/auth/login", { user: "user@example.com", password: "Password123" }, {}),
  # net/http itself calls a POST without a body urlencoded, and says that its length is 0.
  "refresh" => request(Net::HTTP::Post, "/auth/refresh", "X-Refresh-Token" => REFRESH),
  "logout" => request(Net::HTTP::Delete, "/auth/logout", "Authorization" => "Bearer #{ACCESS}"),
  "logout_by_refresh" => request(Net::HTTP::Delete, "/auth/logout_by_refresh", "X-Refresh-Token" => REFRESH),
  "create_ticket" => json(Net::HTTP::Post, "/tickets", { ticket: TICKET, customer_id: 20 }),
  "tickets" => get("/tickets"),
  "ticket" => get("/tickets/2024001"),
  "tickets_by_type" => json(Net::HTTP::Get, "/tickets/tickets_by_type?limit=10&order=desc",
                            { ticket: { type: "customer_support", status: "open" } }),
  "tickets_by_category" => get("/tickets/tickets_by_category?category=network&limit=10&page=1"),
  "tickets_of_customer" => get("/tickets/tickets_of_customer?customer_id=20&status=open&limit=10"),
  "status_update" => json(Net::HTTP::Post, "/tickets/2024001/status_update",
                          { ticket: { status: "in_progress", closed_date: "2024-06-28" } }),
  "add_ticket_note" => json(Net::HTTP::Post, "/tickets/add_ticket_note",
                            { ticket_note: { note: "Issue has been partially resolved" }, ticket_number: "2024001" }),
  "get_ticket_notes" => json(Net::HTTP::Get, "/tickets/get_ticket_notes", { ticket_number: "2024001" }),
  "get_specific_ticket_for_bot" => get("/tickets/2024001/get_specific_ticket_for_bot?customer_id=20")
}.freeze

url = URI(BASE)
response = Net::HTTP.new(url.host, url.port).request(SAMPLES.fetch(SAMPLE))
puts "HTTP/1.1 #{response.code}", response.each_header.map { |name, value| "#{name}: #{value}" }, ""
print response.body
