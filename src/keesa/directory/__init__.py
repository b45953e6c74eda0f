"""What tickets are about: customers and their ECOs, products, ticket types, categories and statuses."""
