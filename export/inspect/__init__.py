"""What files and folders are: instruments, models, banks, frames, recordings and data sets."""
