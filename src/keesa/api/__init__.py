"""The HTTP API: a package a version, and what both versions share."""

PREFIX = "/api/v1"
