"""The network of the paper: configuration, encoder, decoder, loss, and what it costs."""
