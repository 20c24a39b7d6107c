"""The camera node: images, videos and recordings as a camera."""
