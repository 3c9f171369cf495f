"""The use-cases: what runs unattended, and what screens and commands may see and ask."""
