"""Two replays of one recording side by side."""
