"""`make container`: the image of deploy/Containerfile, built and run as docs/operations.md says."""
