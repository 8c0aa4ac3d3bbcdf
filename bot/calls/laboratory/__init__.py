"""What only the laboratory commands do: hear, bench, nlu shell. It shows digits, or may."""
