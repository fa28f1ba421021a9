"""What is shown of a product outside the console: the picture of a case file. Pure: plain data in, bytes out."""
