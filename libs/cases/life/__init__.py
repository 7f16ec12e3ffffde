"""What people did about a case: a small state for each part of its life, with the steps that change it."""
