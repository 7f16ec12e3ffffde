"""The notifier: writes the letters an organisation owes, sends them by SMTP, records what became of each."""
