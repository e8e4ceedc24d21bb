"""What is run on the executor, and whether the encoder foresaw it.

1. `replay` runs actions from production on and earns verdicts; `again` does so in another design, `scripted` with a
   life that a user wrote.
2. `comebacks`, `cuts` and `taken_out` try ways (`way`) before, or in place of, a search; `aftermath` goes on once a key
   is in hand; `worlds` are the devices that fit a design.
3. `life` shows that a device and a foe act at all.
4. `inclusion` holds all of it against the encoder; `abstract`, `abstract_units` put a device into the encoder's words.
"""
