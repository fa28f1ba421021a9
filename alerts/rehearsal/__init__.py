"""What a rule would have done over stored hours, and what rules in force have done."""
