"""The conversation with a mail server, and the message that it carries."""
