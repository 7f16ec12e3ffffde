"""What is owed about the clocks of one case: started, moved, warned, met, broken, dropped. Pure."""
