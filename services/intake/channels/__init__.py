"""The ways in over HTTP: file a complaint, add to one, and what their headers say about the sender."""
