"""How a process of ours runs: host, loops, health, jobs, and the relay."""
