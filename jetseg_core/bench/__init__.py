"""Speed of models and of replays on this machine."""
