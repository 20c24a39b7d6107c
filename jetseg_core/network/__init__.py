"""The network: configuration, layers, encoder, decoder, loss, costs and checkpoints."""
