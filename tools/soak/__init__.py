"""An hour of steady load, and whether every process comes back to what it used before."""
