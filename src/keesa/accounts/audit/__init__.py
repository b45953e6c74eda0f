"""The audit trail: what administrators did, who logged in, and who failed to. Rows are added and never changed."""
