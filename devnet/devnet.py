"""class Devnet: the face for Python users."""
