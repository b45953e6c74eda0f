"""The words that tickets are found by: how texts are split into them, and where they are kept."""
