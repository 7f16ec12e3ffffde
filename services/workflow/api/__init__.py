"""The workflow API: cases, letters and commands over HTTP."""
