"""The remote side: one protocol, two dialects."""
