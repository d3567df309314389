"""Evidence: is the space semantic, separable and steerable, and does each stop do what its label says?"""
