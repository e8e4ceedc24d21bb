"""Claims, decided by trying: `evaluate` reads the formula, `predicates` tries its names, `recovery` presses reset."""
