"""What arrives in pieces, and goes on where it was broken off (docs/decisions/0062-resumable-uploads.md)."""
