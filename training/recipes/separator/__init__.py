"""How the shipped separator was trained."""
