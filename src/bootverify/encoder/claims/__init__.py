"""Claims as terms: `compile` reads the formula, `predicates` its names, `recovery` asks of recovering as of safety."""
