"""The notifier: writes the letters an organisation owes, sends each by SMTP, and records what became of it."""
