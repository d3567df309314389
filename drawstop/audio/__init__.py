"""Sound files and folders of them."""
