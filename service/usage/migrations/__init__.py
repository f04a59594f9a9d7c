"""How the tables came to be what they are; ``service.usage.migrate`` runs it."""
